"""The answer of an access check as files: JUnit, SARIF, Markdown, HTML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from prospectr_db.access.check import CheckReport
from prospectr_db.access.review.telling import tell
from prospectr_db.access.review.told import Told
from prospectr_db.errors import ProspectrError
from prospectr_db.project import Project
from prospectr_db.report.access_github import markdown_text
from prospectr_db.report.access_page import html_page
from prospectr_db.report.access_sarif import sarif_document

__all__ = ["junit_xml", "write_reports"]

_XML = '<?xml version="1.0" encoding="UTF-8"?>'


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
        _write(Path(summary), markdown_text(report), mode="a")


def _write(path: Path, text: str, *, mode: Literal["a", "w"] = "w") -> None:
    try:
        with path.open(mode, encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise ProspectrError(
            f"{path} cannot be written: {error.strerror}.", hint="Does its folder exist?"
        ) from error


def junit_xml(report: CheckReport) -> str:
    """Return one test case per relation, and one for each other thing that a finding is about.

    Elements and attributes are those that Jenkins, GitLab and their like read (Jenkins' own
    schema, junit-10.xsd): counts of failures and errors, a message and a type for each failure.
    """
    by_relation: dict[str, list[Told]] = {t.relation: [] for t in report.matrix.tables}
    for one in tell(report.errors):
        for relation in dict.fromkeys(finding.relation for finding in one.findings):
            by_relation.setdefault(relation or "project", []).append(one)
    failed = sum(bool(found) for found in by_relation.values())
    counts = {
        "name": "prospectr-db access",
        "tests": str(len(by_relation)),
        "failures": str(failed),
        "errors": "0",
        "time": f"{report.seconds:.3f}",
    }
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", {**counts, "skipped": "0"})
    for relation, found in by_relation.items():
        case = ET.SubElement(
            suite, "testcase", classname="access", name=_clean(relation), time="0.000"
        )
        for one in found:
            failure = ET.SubElement(case, "failure", message=_clean(one.sentence), type=one.kind)
            failure.text = _clean(f"{one.sentence}\n  {one.statement}".rstrip())
    ET.indent(root)
    # Python would declare the locale's encoding here; the file is UTF-8 wherever it is written.
    return f"{_XML}\n{ET.tostring(root, encoding='unicode')}\n"


def _clean(text: str) -> str:
    """Remove characters that XML cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "?", text)
