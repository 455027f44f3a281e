"""How a pgTAP suite reads: each file while it runs, then what failed; and as JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from prospectr_db.pgtap.runner import FileFinished, FileStarted, TapReport
from prospectr_db.pgtap.tap import TapFile, TapTest
from prospectr_db.report.progress import line_for
from prospectr_db.report.style import Style

__all__ = ["suite_junit", "suite_text"]

_ERRORS_SHOWN = 20


def suite_text(report: TapReport, style: Style) -> str:
    """Return the files that are not green with what is wrong in each, and a line that sums up."""
    lines = [line for file in report.files for line in _file_lines(file, style)]
    lines += [f"{style.bold('hint:')} {note}" for note in report.notes]
    tests = [test for file in report.files for test in file.tests]
    failed = [test for test in tests if not test.passed]
    red = [file for file in report.files if not file.passed]
    counted = [
        f"{len(tests)} tests in {len(report.files)} files",
        *([f"{len(failed)} failed"] if failed else []),
        *([f"{len(red)} files not green"] if red else []),
    ]
    word = style.good("green") if report.ok else style.bad("red")
    lines.append(f"{word}: {', '.join(counted)} (pgTAP {report.pgtap}, {report.seconds:.2f} s)")
    return "\n".join(lines)


def suite_junit(report: TapReport) -> str:
    """Return the report as JUnit XML: a suite per file, an error where a file itself is wrong."""
    root = ET.Element("testsuites", name="pgTAP", time=f"{report.seconds:.3f}")
    for file in report.files:
        suite = ET.SubElement(
            root,
            "testsuite",
            name=file.file,
            tests=str(len(file.tests) + bool(file.problems)),
            failures=str(len(file.failed)),
            errors=str(int(bool(file.problems))),
            time=f"{file.seconds:.3f}",
        )
        for test in file.tests:
            _junit_case(suite, file, test)
        if file.problems:
            case = ET.SubElement(suite, "testcase", classname=file.file, name="(the file)")
            error = ET.SubElement(case, "error", message=" ".join(file.problems))
            error.text = _xml_text("\n".join(file.errors))
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _junit_case(suite: ET.Element, file: TapFile, test: TapTest) -> None:
    name = f"{test.number} {test.description}".strip()
    case = ET.SubElement(suite, "testcase", classname=file.file, name=_xml_text(name))
    if not test.passed:
        failure = ET.SubElement(case, "failure", message=_xml_text(name))
        failure.text = _xml_text("\n".join(test.diagnostics))
    elif test.directive:
        ET.SubElement(case, "skipped", message=_xml_text(test.reason or test.directive))


def _xml_text(text: str) -> str:
    """Leave out the control characters that XML 1.0 cannot hold."""
    return "".join(char for char in text if char in "\t\n\r" or char >= " ")


def _file_lines(file: TapFile, style: Style) -> list[str]:
    if file.passed:
        return []
    lines = [style.bold(file.file)]
    for test in file.failed:
        lines.append(f"  {style.bad('not ok')} {test.number} {test.description}")
        lines += [style.dim(f"    {line}") for line in test.diagnostics]
    lines += [f"  {style.bad(problem)}" for problem in file.problems]
    if file.problems:
        lines += [style.dim(f"    {line}") for line in file.errors[-_ERRORS_SHOWN:]]
    return lines


@line_for.register
def _started(event: FileStarted, style: Style) -> str | None:  # noqa: ARG001 - one signature
    return None


@line_for.register
def _finished(event: FileFinished, style: Style) -> str:
    result = event.result
    if result.skipped is not None and result.passed:
        word, told = style.warn("skip"), result.skipped
    else:
        word = style.good("ok") if result.passed else style.bad("not ok")
        told = f"{len(result.tests) - len(result.failed)} of {len(result.tests)} tests"
    return f"{word} {result.file}: {told} in {result.seconds:.2f} s"
