"""The answer as files: every format says the same, and none of them can be broken by a name."""

from __future__ import annotations

import json
from contextlib import nullcontext
from xml.etree import ElementTree as ET

import pytest

from prospectr_db.access.check import CheckReport
from prospectr_db.access.hosted import Hosted
from prospectr_db.access.review.telling import tell
from prospectr_db.access.verify import access_difference, check_target, write_contract
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.errors import ConfigError
from prospectr_db.project import Project, load
from prospectr_db.report.access import check_text, matrix_text
from prospectr_db.report.access_files import junit_xml
from prospectr_db.report.access_github import github_annotations, markdown_text
from prospectr_db.report.access_page import html_page
from prospectr_db.report.access_sarif import sarif_document
from prospectr_db.report.jsons import plain
from prospectr_db.report.style import Style
from prospectr_db.server.templates import Template
from tests.conftest import MakeDatabase, MakeProject
from tests.integration.access.schemas import NOTES

PLAIN = Style(width=80, color=False)
EVIL = """
create table public."</script><b>|%0A" (
    id uuid primary key, user_id uuid references auth.users (id));
grant all on public."</script><b>|%0A" to anon;
"""


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    opened = NOTES + 'alter policy "drop own" on public.notes using (true);'
    files = {"supabase/config.toml": "", "supabase/migrations/20260101000000_notes.sql": opened}
    return load(make_project(files))


@pytest.fixture
def report(target: Target, project: Project) -> CheckReport:
    with connect_as_migrator(target) as connection:
        connection.execute(project.migrations[0].text + EVIL)  # type: ignore[call-overload]
    return check_target(target, project=project)


def test_every_format_tells_the_leak(report: CheckReport, project: Project) -> None:
    sentence = (
        "Any signed-in user can delete notes on other people's rows by a statement without WHERE."
    )
    assert not report.ok
    assert sentence in check_text(report, PLAIN)
    assert sentence in markdown_text(report)
    assert sentence in {
        result["message"]["text"].partition("\n")[0]
        for result in sarif_document(report, project)["runs"][0]["results"]
    }
    root = ET.fromstring(junit_xml(report))  # noqa: S314 - our own text
    failed = {
        case.get("name") for case in root.iter("testcase") if case.find("failure") is not None
    }
    assert "notes" in failed
    assert sentence in github_annotations(report, project).replace("%25", "%")


def test_sarif_points_at_the_policy_in_the_migration(report: CheckReport, project: Project) -> None:
    results = sarif_document(report, project)["runs"][0]["results"]
    place = next(
        result["locations"][0]["physicalLocation"]
        for result in results
        if "delete notes" in result["message"]["text"]
    )
    line = project.migrations[0].text.splitlines()[place["region"]["startLine"] - 1]
    assert place["artifactLocation"]["uri"] == "supabase/migrations/20260101000000_notes.sql"
    assert '"drop own"' in line


def test_names_cannot_break_out_of_the_page(report: CheckReport) -> None:
    page = html_page(report)
    assert page.count("</script>") == 1
    assert "\\u003c/script>" in page
    assert "http://" not in page.partition("const report")[0]


def test_one_annotation_is_one_line(report: CheckReport, project: Project) -> None:
    lines = github_annotations(report, project).splitlines()
    assert len(lines) == len(tell(report.findings)) > 2
    levels = ("::error file=", "::warning file=", "::notice file=")
    assert all(line.startswith(levels) for line in lines)


def test_the_json_document_holds_the_witness(report: CheckReport) -> None:
    document = json.loads(json.dumps(plain(report)))
    leak = next(f for f in document["findings"] if "delete notes" in f["sentence"])
    assert leak["statement"] == 'delete from "public"."notes"'


def test_prospectrs_matrix_fits_80_columns(prospectr: Target, prospectr_project: Project) -> None:
    report = check_target(prospectr, project=prospectr_project)
    text = matrix_text(report.matrix, PLAIN)
    assert report.ok, [finding.sentence for finding in report.errors]
    assert max(len(line) for line in text.splitlines()) <= 80
    assert len(report.matrix.tables) == 11


def test_the_example_is_observed_without_rows_by_hand(
    target: Target, prospectr_project: Project
) -> None:
    example = load(prospectr_project.root / "examples" / "multi-tenant")
    with connect_as_migrator(target) as connection:
        for migration in example.migrations:
            connection.execute(migration.text)
    report = check_target(target, project=example)
    assert report.ok, [finding.sentence for finding in report.errors]
    documents = report.matrix.table("documents")
    assert documents is not None
    can = {
        (persona, command): (access := documents.find(persona, "other", command)) is not None
        and access.succeeds
        for persona in ("role=admin", "role=member", "stranger")
        for command in ("select", "update", "delete")
    }
    assert can == {
        ("role=admin", "select"): True,
        ("role=admin", "update"): False,
        ("role=admin", "delete"): True,
        ("role=member", "select"): True,
        ("role=member", "update"): False,
        ("role=member", "delete"): False,
        ("stranger", "select"): False,
        ("stranger", "update"): False,
        ("stranger", "delete"): False,
    }


def test_writing_twice_changes_nothing(target: Target, project: Project) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(NOTES)
    assert write_contract(target, project).changed
    assert not write_contract(target, project).changed


def test_what_a_hosted_project_has_beside_its_migrations_is_said_and_is_not_red(
    target: Target, prospectr: Target, project: Project
) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(NOTES)
    hosted = Hosted("shop", 100, migrated=lambda: nullcontext(prospectr))
    report = check_target(target, project=project, hosted=hosted)
    drifted = {f.sentence: f.severity for f in report.findings if f.kind == "drift"}
    assert drifted["notes is in the project but in no migration."] == "warning"
    assert drifted["profiles is not in the project."] == "warning"
    assert not [f for f in report.errors if f.kind == "drift"]
    assert "observed on a copy of shop, 100 objects" in check_text(report, PLAIN)


def test_a_copy_that_is_not_what_the_project_is_gives_a_red_answer(
    target: Target, project: Project
) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(NOTES)
    hosted = Hosted("shop", 100, problems=("The table public.x is missing from the copy.",))
    report = check_target(target, project=project, hosted=hosted)
    assert "The table public.x is missing from the copy." in {f.sentence for f in report.errors}
    assert not report.ok


def test_a_contract_edited_by_hand_is_written_again_to_the_letter(
    target: Target, project: Project
) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(NOTES)
    write_contract(target, project)
    path = project.root / "supabase" / "access.toml"
    head, owner = path.read_text(encoding="utf-8").split("[tables.notes.owner]\n")
    owner, _, rest = owner.strip().partition("\n\n")
    lines = "\n".join(reversed(owner.splitlines()))  # in another order
    edited = f"{head}# mine\n[tables.notes.owner]  # his\n{lines}  # last\n\n\n{rest}# the end\n"
    path.write_text(edited, encoding="utf-8")
    assert check_target(target, project=project).ok
    assert not write_contract(target, project).changed
    assert path.read_text(encoding="utf-8") == edited


def test_a_contract_that_cannot_be_read_is_not_written_over(
    target: Target, project: Project
) -> None:
    path = project.root / "supabase" / "access.toml"
    path.write_text("[tables.notes.onwer]\nselect = true\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="did you mean owner"):
        write_contract(target, project)
    assert path.read_text(encoding="utf-8") == "[tables.notes.onwer]\nselect = true\n"


def test_a_persona_of_the_contract_is_tried_too(target: Target, project: Project) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(
            NOTES
            + """
create policy aal2 on public.notes for select to authenticated
using ((select auth.jwt() ->> 'aal') = 'aal2');"""
        )
    path = project.root / "supabase" / "access.toml"
    path.write_text('[personas.second_factor]\nclaims = { aal = "aal2" }\n', encoding="utf-8")
    write_contract(target, project)
    text = path.read_text(encoding="utf-8")
    assert '[personas.second_factor]\nclaims = { aal = "aal2" }' in text
    assert "[tables.notes.second_factor]" in text


def test_pending_migrations_are_told_by_what_they_change_for_whom(
    target: Target, make_database: MakeDatabase, platform_template: Template
) -> None:
    before = make_database(platform_template)
    for database in (before, target):
        with connect_as_migrator(database) as connection:
            connection.execute(NOTES)
    with connect_as_migrator(target) as connection:
        connection.execute("grant update (is_pro) on public.notes to authenticated")
    assert [f.sentence for f in access_difference(before, target)] == [
        "Owners can now update notes.is_pro on their own rows, which is the server's to write.",
    ]
