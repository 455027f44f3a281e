"""Suites run as `supabase test db` runs them; those that need pgTAP are skipped where it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from psycopg import Connection

from prospectr_db.database import Target, connect
from prospectr_db.errors import ExtensionNotAvailableError
from prospectr_db.pgtap import TapReport, find_tests, run
from prospectr_db.pgtap.suite import find_psql, run_on_fresh
from prospectr_db.platform.extensions import available
from prospectr_db.project import load
from prospectr_db.report.jsons import document
from prospectr_db.report.pgtap import suite_junit, suite_text
from prospectr_db.report.style import Style
from prospectr_db.server.embedded import EmbeddedServer
from tests.conftest import MakeProject, RunCli

TESTS = {
    # Commits a helper, as setup files do, and ends with a test: a file without one is red.
    "000-setup-tests-hooks.sql": """
        create schema tests;
        create function tests.who() returns text language sql as 'select current_user::text';
        grant usage on schema tests to anon;
        begin; select plan(1); select ok(true, 'ready'); select * from finish(); rollback;
    """,
    "010-green.sql": r"""
        \set role anon
        \ir includes/names.psql
        \pset format unaligned
        \timing off
        begin;
        create extension if not exists pgtap with schema extensions;
        select plan(4);
        select is(:'told'::text, 'included', 'a variable of an included file');
        \if true
        select has_table('auth', 'users', 'a pgTAP function, unqualified');
        \endif
        create table public.gone (id int);
        set local role :role;
        select is(tests.who(), 'anon', 'what the setup file committed is there');
        select throws_ok('select * from vault.secrets', '42501');
        select * from finish();
        rollback;
    """,
    "includes/names.psql": r"\set told included",
    "020-rolled-back.sql": """
        begin; select plan(1);
        select hasnt_table('public', 'gone', 'the file before was rolled back');
        select * from finish(); rollback;
    """,
    "030-no-plan.sql": """
        begin; select * from no_plan(); select pass('a'); select * from finish(); rollback;
    """,
    "040-red.sql": """
        begin; select plan(2); select is(1, 2, 'one is two'); select pass('b');
        select * from finish(); rollback;
    """,
    "050-dies.sql": """
        begin; select plan(2); select pass('a'); select nonsense(); select pass('b');
        select * from finish(); rollback;
    """,
    "060-empty.sql": "select 1;",
    "070-extension.sql": "create extension timescaledb;",
    "080-network.sql": """
        create extension "supabase-dbdev"; select dbdev.install('acme-thing');
    """,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TESTS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def session(target: Target) -> Iterator[Connection[Any]]:
    with connect(target, autocommit=True) as connection:
        yield connection


@pytest.fixture
def report(session: Connection[Any], target: Target, folder: Path) -> TapReport:
    if "pgtap" not in available(session):
        pytest.skip("no pgTAP on this machine (see docs/guide/extensions.md)")
    events: list[object] = []
    result = run(
        target,
        find_tests([folder]),
        psql=find_psql(None),
        folder=folder,
        on_event=events.append,
    )
    assert len(events) == 2 * len(result.files)
    return result


def test_each_file_is_judged_by_what_it_said(report: TapReport) -> None:
    assert {file.file: file.passed for file in report.files} == {
        "000-setup-tests-hooks.sql": True,
        "010-green.sql": True,
        "020-rolled-back.sql": True,
        "030-no-plan.sql": True,
        "040-red.sql": False,
        "050-dies.sql": False,
        "060-empty.sql": False,
        "070-extension.sql": False,
        "080-network.sql": False,
    }
    assert not report.ok

    red, dies, _, extension, network = report.files[4:]
    assert [test.description for test in red.failed] == ["one is two"]
    assert dies.problems == ("It planned 2 tests and ran 1.", "psql ended with exit code 3.")
    assert any(line.startswith("psql:050-dies.sql:2: ERROR") for line in dies.errors)
    assert any("is not available" in line for line in extension.errors)
    assert any("pgtle.install_extension" in line for line in network.errors)
    assert report.notes[0].startswith("timescaledb: This server offers: ")


def test_pgtap_is_gone_afterwards(report: TapReport, session: Connection[Any]) -> None:
    assert report.pgtap
    assert session.execute(
        "select count(*) from pg_extension where extname = 'pgtap'"
    ).fetchone() == (0,)


def test_the_report_reads_as_text_json_and_junit(report: TapReport) -> None:
    text = suite_text(report, Style(width=100, color=False))
    assert "not ok 1 one is two" in text
    assert text.splitlines()[-1].startswith("red: 10 tests in 9 files, 1 failed, 5 files not green")
    json.dumps(document(report, verb="test", ok=report.ok))
    root = ET.fromstring(suite_junit(report))  # noqa: S314 - written by us
    assert len(root.findall("testsuite")) == 9
    assert len(root.findall(".//failure")) == 1
    assert len(root.findall(".//error")) == 4


def test_a_file_that_hangs_is_stopped_and_red(
    session: Connection[Any], target: Target, tmp_path: Path
) -> None:
    if "pgtap" not in available(session):
        pytest.skip("no pgTAP on this machine (see docs/guide/extensions.md)")
    (tmp_path / "slow.sql").write_text("select plan(1); select pg_sleep(60);", encoding="utf-8")
    result = run(
        target, [tmp_path / "slow.sql"], psql=find_psql(None), folder=tmp_path, patience=0.5
    )
    assert not result.ok
    assert result.files[0].errors == ("It was stopped after 0 s.",)


def test_a_suite_runs_in_a_database_named_as_on_supabase_and_leaves_nothing(
    server: EmbeddedServer, session: Connection[Any], make_project: MakeProject
) -> None:
    if "pgtap" not in available(session):
        pytest.skip("no pgTAP on this machine (see docs/guide/extensions.md)")
    root = make_project(
        {
            "supabase/migrations/1_notes.sql": "create table public.notes (id int);",
            "supabase/tests/notes.test.sql": """
                create table public.left_behind (id int);
                begin; select plan(2); select has_table('public', 'notes', 'migrated');
                select is(current_database()::text, 'postgres', 'its name');
                select * from finish(); rollback;
            """,
        }
    )
    folder = root / "supabase" / "tests"
    for _ in range(2):
        report = run_on_fresh(server, load(root), find_tests([folder]), folder=folder)
        assert report.ok, report


def test_a_project_without_tests_is_not_green(cli: RunCli, make_project: MakeProject) -> None:
    root = make_project({"supabase/config.toml": ""})
    assert cli("test", project=root).code == 2
    (root / "supabase" / "tests").mkdir()
    done = cli("test", project=root)
    assert done.code == 2
    assert "There are no test files" in done.err


def test_a_server_without_pgtap_says_how_to_get_it(
    session: Connection[Any], target: Target, folder: Path
) -> None:
    if "pgtap" in available(session):
        pytest.skip("this machine has pgTAP")
    with pytest.raises(ExtensionNotAvailableError) as missing:
        run(target, find_tests([folder]), psql=find_psql(None), folder=folder)
    assert "PROSPECTR_DB_EXTENSIONS" in (missing.value.hint or "")
