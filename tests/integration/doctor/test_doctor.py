"""The doctor finds what is wrong with a database, and leaves no trace in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from prospectr_db.database import Target, connect, connect_admin
from prospectr_db.database.snapshot import kinds, take
from prospectr_db.doctor import baseline_of, examination, examine
from prospectr_db.migrations.reset import clone, prepare
from prospectr_db.project import Project
from prospectr_db.project.config import Config
from prospectr_db.server.embedded import EmbeddedServer, ensure, stop
from prospectr_db.server.settings import ServerSettings
from tests.conftest import RunCli

WRITES = """
    select relid::regclass::text, n_tup_ins, n_tup_upd, n_tup_del, n_live_tup, n_dead_tup
    from pg_catalog.pg_stat_all_tables order by relid
"""


def _trace(target: Target) -> tuple[Any, ...]:
    """Everything that a write would change: the catalog, every row, and the counters."""
    with connect_admin(target, autocommit=True) as connection:
        connection.execute("select pg_catalog.pg_stat_force_next_flush()")
        shape = dict(take(connection, include=kinds(), extension_members=True, exclude=()))
        tables = connection.execute(
            "select nspname, relname from pg_catalog.pg_class as c"
            " inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid"
            " where relkind = 'r' and nspname !~ '^pg_' and nspname <> 'information_schema'"
            " order by 1, 2"
        ).fetchall()
        rows = {
            name: connection.execute(
                sql.SQL(
                    "select md5(string_agg(t::text, '|' order by t::text)) from {} as t"
                ).format(sql.Identifier(*name))
            ).fetchone()
            for name in tables
        }
        return shape, rows, connection.execute(WRITES).fetchall()


@pytest.fixture
def alone(settings: ServerSettings, prospectr_project: Project, tmp_path: Path) -> Iterator[Target]:
    """Prospectr on a server that nobody else uses.

    What is counted for a whole cluster (its databases, its roles) changes with every other test.
    """
    (tmp_path / "supabase").mkdir()
    server = ensure(tmp_path, settings)
    yield clone(server, prepare(server, prospectr_project).template, "alone")
    stop(tmp_path, settings)


def test_an_examination_changes_nothing(alone: Target, prospectr_project: Project) -> None:
    _trace(alone)  # reading for the first time sets hint bits and fills statistics
    before = _trace(alone)
    report = examine(alone, prospectr_project.config, baseline=lambda: baseline_of(alone))
    assert _trace(alone) == before
    assert report.read_only
    assert report.ok
    assert len(before[1]) > 30


def test_the_server_itself_refuses_a_check_that_writes(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = "create table public.left_behind ()"
    monkeypatch.setattr(examination, "sql_text", lambda _file: statement)
    with pytest.raises(Exception, match="read-only transaction"):
        examine(target, Config())
    with connect(target) as connection:
        row = connection.execute("select to_regclass('public.left_behind')").fetchone()
        assert row == (None,)


def test_what_belongs_to_somebody_else_is_a_problem(target: Target) -> None:
    with connect_admin(target, autocommit=True) as connection:
        connection.execute("create table public.made_by_hand (id int)")
    report = examine(target, Config())
    (found,) = [f for f in report.findings if f.check == "ownership"]
    assert found.objects == ("table public.made_by_hand (owner supabase_admin)",)
    assert not report.ok


def test_exposure_is_read_from_the_default_privileges(target: Target) -> None:
    closed = Config(auto_expose_new_tables=False)
    assert examine(target, closed).ok
    with connect(target, autocommit=True) as connection:
        connection.execute(
            "alter default privileges in schema public grant select on tables to anon"
        )
    report = examine(target, closed)
    (found,) = [f for f in report.findings if f.check == "exposure"]
    assert found.objects == ("anon: select",)
    assert not report.ok


@contextmanager
def _role(target: Target, name: str) -> Iterator[None]:
    with connect_admin(target, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {}").format(sql.Identifier(name)))
        try:
            yield
        finally:
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def test_what_only_the_project_has_is_told(target: Target, make_database: Any,
                                           platform_template: Any) -> None:  # fmt: skip
    baseline = baseline_of(make_database(platform_template))
    with connect_admin(target, autocommit=True) as connection:
        connection.execute("create schema reporting")
        connection.execute("create extension moddatetime with schema extensions")
        connection.execute(
            "create function public.watch() returns event_trigger language plpgsql as 'begin end'"
        )
        connection.execute(
            "create event trigger watcher on ddl_command_end execute function public.watch()"
        )
        connection.execute(
            sql.SQL("alter database {} set app.settings.key to 'very-secret'").format(
                sql.Identifier(connection.info.dbname)
            )
        )
    with _role(target, "doctor_analyst"):
        report = examine(target, Config(), baseline=lambda: baseline)
    found = {finding.check: finding for finding in report.findings}
    assert found["schemas"].objects == ("reporting",)
    assert found["extensions"].objects == ("moddatetime",)
    assert found["event_triggers"].objects == ("watcher",)
    assert "doctor_analyst" in found["roles"].objects
    assert "the database: app.settings.key=***" in found["settings"].objects
    assert "very-secret" not in repr(report)
    assert report.compared


def test_a_database_without_supabase_is_a_problem(server: EmbeddedServer) -> None:
    report = examine(server.target("prospectr_db"), Config())
    assert "platform" in {f.check for f in report.findings if f.severity == "problem"}


def test_every_finding_says_why_and_what_to_do(target: Target) -> None:
    with connect_admin(target, autocommit=True) as connection:
        connection.execute("create view public.by_hand as select 1 as one")
    for finding in examine(target, Config(auto_expose_new_tables=True)).findings:
        assert finding.what.endswith((".", ")")), finding
        assert finding.why.endswith("."), finding
        assert finding.todo, finding


@pytest.mark.parametrize(
    "words",
    [
        ("doctor", "--db-url", "postgresql://postgres:hunter22secret@127.0.0.1:1/postgres"),
        ("doctor", "--project-ref", "not-a-ref"),
        ("doctor", "--local", "--docker"),
        ("doctor", "--region", "eu-central-1"),
    ],
)
def test_what_cannot_be_examined_exits_2_and_keeps_the_password(
    cli: RunCli, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPABASE_DB_PASSWORD", "hunter22secret")
    done = cli(*words, "--json")
    assert done.code == 2
    assert done.document["error"]["hint"]
    assert "hunter22secret" not in done.out + done.err


def test_the_command_answers_yes_and_no(cli: RunCli, target: Target, prospectr_project: Project,
                                        ) -> None:  # fmt: skip
    url = target.dsn.url()
    yes = cli("doctor", "--no-compare", "--db-url", url, "--json", project=prospectr_project.root)
    assert (yes.code, yes.document["ok"], yes.document["read_only"]) == (0, True, True)
    with connect_admin(target, autocommit=True) as connection:
        connection.execute("create table public.made_by_hand (id int)")
    no = cli("doctor", "--no-compare", "--db-url", url, project=prospectr_project.root)
    assert no.code == 1
    assert "public.made_by_hand" in no.out
    assert "why:" in no.out


def test_a_read_only_connection_is_what_the_baseline_uses_as_well(target: Target) -> None:
    with connect(target) as connection:
        examination._be_read_only(connection)  # noqa: SLF001 - the promise itself is tested
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("create table public.never ()")
