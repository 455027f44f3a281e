"""Each file is what its readers take, and no name or number of findings breaks it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from prospectr_db.access.check import CheckReport
from prospectr_db.access.matrix.finding import Finding, Severity
from prospectr_db.access.matrix.matrix import AccessMatrix, TableAccess
from prospectr_db.errors import ProspectrError
from prospectr_db.project import Project, load
from prospectr_db.report.access_files import junit_xml, write_reports
from prospectr_db.report.access_github import github_annotations, markdown_text
from prospectr_db.report.access_page import html_page
from prospectr_db.report.access_sarif import sarif_document

NASTY = "t</script><b>|*_`@all\n::error::x%0A,y:z"


def finding(number: int = 0, *, severity: Severity = "error", relation: str = "notes") -> Finding:
    return Finding(
        "leak",
        severity,
        relation,
        "anon",
        "other",
        "select",
        (f"c{number}",),
        f"Visitors without a login can read {relation}.c{number}.",
        "table notes",
        "other-rows",
    )


def report(*findings: Finding) -> CheckReport:
    tables = tuple(
        TableAccess(name, "table", "user_id", True, True, ()) for name in ("notes", NASTY)
    )
    matrix = AccessMatrix(tables, ("anon",), 3, 1.0)
    ok = not any(f.severity == "error" for f in findings)
    return CheckReport(ok, findings, matrix, None, (), "row-level security off", 1.0)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "supabase" / "migrations"
    folder.mkdir(parents=True)
    (folder.parent / "config.toml").write_text("", encoding="utf-8")
    name = "20260101000000_a,b.sql"
    (folder / name.replace(",", "_")).write_text("create table notes (id int);", encoding="utf-8")
    return load(tmp_path)


def test_junit_has_what_jenkins_schema_requires() -> None:
    text = junit_xml(report(finding(0), finding(1), finding(2, relation=NASTY)))
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    root = ET.fromstring(text)  # noqa: S314 - our own text
    assert root.tag == "testsuites"
    suite = root[0]
    assert {"name", "tests", "failures", "errors", "skipped", "time"} <= set(suite.keys())
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "2", "0")
    assert re.fullmatch(r"\d+\.\d{3}", suite.get("time") or "")
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    assert [len(cases[name]) for name in ("notes", NASTY)] == [2, 1]
    for failure in suite.iter("failure"):
        assert failure.get("type") == "leak"
        assert failure.get("message") in (failure.text or "")


def test_an_error_about_no_relation_fails_a_case_of_its_own() -> None:
    lonely = replace(finding(), relation="", sentence="There is no table to observe.")
    root = ET.fromstring(junit_xml(report(lonely)))  # noqa: S314 - our own text
    failed = [c.get("name") for c in root.iter("testcase") if c.find("failure") is not None]
    assert failed == ["project"]


def test_sarif_refers_to_rules_that_it_lists(project: Project) -> None:
    document = sarif_document(report(finding(), replace(finding(1), rule="")), project)
    run = document["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["leak", "other-rows"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert not place["artifactLocation"]["uri"].startswith("/")
    prints = [tuple(result["partialFingerprints"].values()) for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_annotations_stay_within_what_github_shows(project: Project) -> None:
    many = [finding(number) for number in range(25)]
    lines = github_annotations(report(*many, finding(severity="warning")), project).splitlines()
    assert len([line for line in lines if line.startswith("::error ")]) == 10
    assert "::error title=access::16 more; the job's log and summary have all." in lines
    assert len([line for line in lines if line.startswith("::warning ")]) == 1


def test_exactly_as_many_as_github_shows_are_all_shown(project: Project) -> None:
    lines = github_annotations(report(*map(finding, range(10))), project).splitlines()
    assert len(lines) == 10
    assert "more;" not in lines[-1]


def test_a_name_makes_no_second_annotation(project: Project) -> None:
    text = github_annotations(report(finding(relation=NASTY)), project)
    assert text.count("\n") == 0
    assert "%250A" in text
    properties = text.removeprefix("::error ").partition("::")[0]
    assert [part.partition("=")[0] for part in properties.split(",")] == ["file", "line", "title"]


def test_markdown_shows_names_as_they_are() -> None:
    text = markdown_text(report(finding(relation=NASTY)))
    row = next(line for line in text.splitlines() if line.startswith("| **leak**"))
    assert row.count(" | ") == 1
    assert "<b>" not in text
    assert "@all" not in text
    assert "\\*" in row
    assert "&lt;/script&gt;" in row


def test_markdown_fits_a_comment_however_much_is_wrong() -> None:
    text = markdown_text(report(*map(finding, range(3000))))
    assert len(text) < 65_536
    assert re.search(r"\| and \d{3,4} more: the job's log has all \|", text)


def test_the_page_holds_names_as_data() -> None:
    page = html_page(report(finding(relation=NASTY)))
    assert page.count("</script>") == 1
    data = page.partition("const report = ")[2].partition(";\n")[0]
    assert NASTY in json.loads(data)["told"][0]["sentence"]


def test_github_gets_its_summary_and_every_file_is_written(
    tmp_path: Path, project: Project
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    names = ("junit", "sarif", "markdown", "html")
    files = {name: tmp_path / name for name in names}
    environment = {"GITHUB_STEP_SUMMARY": str(summary)}
    write_reports(report(finding()), project, environment=environment, **files)
    assert summary.read_text(encoding="utf-8").startswith("before\n### Database access")
    assert all(path.stat().st_size for path in files.values())


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path, project: Project) -> None:
    with pytest.raises(ProspectrError, match="cannot be written"):
        write_reports(report(), project, environment={}, junit=tmp_path / "no" / "junit.xml")
