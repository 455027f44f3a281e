"""The answer of an access check as files: JUnit, SARIF, GitHub, Markdown, HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from prospectr_db.access.check import CheckReport
from prospectr_db.access.findings import Finding
from prospectr_db.errors import ProspectrError
from prospectr_db.project import Project
from prospectr_db.report.jsons import plain

__all__ = [
    "annotations",
    "html_page",
    "junit_xml",
    "markdown_text",
    "sarif_document",
    "write_reports",
]

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}
_PAGE = Path(__file__).with_name("access_page.html")


def write_reports(
    report: CheckReport,
    project: Project,
    *,
    environment: Mapping[str, str],
    junit: Path | None = None,
    sarif: Path | None = None,
    markdown: Path | None = None,
    html: Path | None = None,
) -> None:
    """Write the files that were asked for, and GitHub's summary where it runs there."""
    wanted: tuple[tuple[Path | None, Callable[[], str]], ...] = (
        (junit, lambda: junit_xml(report)),
        (sarif, lambda: json.dumps(sarif_document(report, project), indent=2)),
        (markdown, lambda: markdown_text(report)),
        (html, lambda: html_page(report)),
    )
    for path, render in wanted:
        if path is not None:
            _write(path, render())
    summary = environment.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as stream:
            stream.write(markdown_text(report))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ProspectrError(
            f"{path} cannot be written: {error.strerror}.", hint="Does its folder exist?"
        ) from error


def junit_xml(report: CheckReport) -> str:
    """Return one test case per relation, and one for each finding without a relation."""
    by_relation: dict[str, list[Finding]] = {t.relation: [] for t in report.matrix.tables}
    for finding in report.errors:
        by_relation.setdefault(finding.relation or "project", []).append(finding)
    suite = ET.Element(
        "testsuite",
        name="prospectr-db access",
        tests=str(len(by_relation)),
        failures=str(sum(bool(found) for found in by_relation.values())),
        time=f"{report.seconds:.3f}",
    )
    for relation, found in by_relation.items():
        case = ET.SubElement(suite, "testcase", classname="access", name=_clean(relation))
        if found:
            failure = ET.SubElement(case, "failure", message=_clean(found[0].sentence))
            failure.text = _clean(
                "\n".join(
                    part for f in found for part in (f.sentence, f"  {f.statement}") if part.strip()
                )
            )
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """Remove characters that XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "?", text)


def sarif_document(report: CheckReport, project: Project) -> dict[str, Any]:
    """Return SARIF 2.1.0; each finding points at the migration line that made its policies."""
    rules = sorted({finding.rule for finding in report.findings})
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "prospectr-db",
                        "rules": [
                            {"id": rule, "shortDescription": {"text": rule.replace("-", " ")}}
                            for rule in rules
                        ],
                    }
                },
                "results": [_result(finding, project) for finding in report.findings],
            }
        ],
    }


def _result(finding: Finding, project: Project) -> dict[str, Any]:
    path, line = locate(finding, project)
    return {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.sentence},
        "partialFingerprints": {"key/v1": finding.key},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": path},
                    "region": {"startLine": line},
                }
            }
        ],
    }


def locate(finding: Finding, project: Project) -> tuple[str, int]:
    """Return the file and line that last said something about a finding's relation.

    A policy for the same command counts most, then any policy, then any statement that names it.
    """
    name = re.escape(finding.relation.partition("(")[0].rpartition(".")[2])
    command = finding.command or "select"
    patterns = (
        rf"(?is)\b(create|alter)\s+policy\b[^;]*?\bon\s+[\w.\"]*\b{name}\b[^;]*?\bfor\s+{command}\b",
        rf"(?is)\b(create|alter)\s+policy\b[^;]*?\bon\s+[\w.\"]*\b{name}\b",
        rf"(?i)\b(table|view|function)\b[^;\n]*\b{name}\b",
        rf"(?i)\b{name}\b",
    )
    texts = [(migration.path, migration.text) for migration in reversed(project.migrations)]
    for pattern in patterns if name else ():
        for path, text in texts:
            matches = list(re.finditer(pattern, text))
            if matches:
                shown = path.relative_to(project.root) if path.is_absolute() else path
                return shown.as_posix(), text.count("\n", 0, matches[-1].start()) + 1
    return "supabase/access.toml", 1


def github_annotations(report: CheckReport, project: Project) -> str:
    """Return GitHub's workflow commands, one line per finding."""
    lines = []
    for finding in report.findings:
        path, line = locate(finding, project)
        level = "notice" if finding.severity == "note" else finding.severity
        text = finding.sentence.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        lines.append(f"::{level} file={path},line={line},title=access: {finding.kind}::{text}")
    return "\n".join(lines)


def markdown_text(report: CheckReport) -> str:
    """Return a summary for a pull request."""
    state = "kept" if report.ok else "broken"
    lines = [f"### Database access: {state}", ""]
    errors = report.errors
    if errors:
        lines += ["| | what changed |", "|---|---|"]
        lines += [f"| **{f.kind}** | {_cell(f.sentence)} |" for f in errors]
        lines += [""]
    lines += [
        (
            f"{len(report.matrix.tables)} relations, {report.matrix.probes} statements in "
            f"{report.seconds:.1f} s. Self-test: {report.sabotage}."
        ),
        "",
    ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def html_page(report: CheckReport) -> str:
    """Return one HTML file that works offline: the matrix, clickable down to its statements."""
    data = json.dumps(plain(report), separators=(",", ":"))
    # "</script>" and "<!--" inside the data must not end it.
    safe = data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return _PAGE.read_text(encoding="utf-8").replace("/*DATA*/null", safe, 1)
