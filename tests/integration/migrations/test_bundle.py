"""One file that sets up an empty project or updates one that is behind, as `migrate` would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest

from prospectr_db.database import Target, connect
from prospectr_db.database.snapshot import difference, take
from prospectr_db.errors import MigrationFileError
from prospectr_db.migrations.apply import migrate
from prospectr_db.migrations.bundle import bundle_text, check_bundle, write_bundle
from prospectr_db.project import Project

if TYPE_CHECKING:
    from prospectr_db.server.templates import Template
    from tests.integration.migrations.conftest import Bench

HARD = {
    "v1_a": "set check_function_bodies = off;\nbegin;\ncreate table t (a text, b int);\ncommit;\n"
    "create function f() returns text language sql as $migration$ select $sql$a$sql$ $migration$;",
    "v2_it's": "insert into t values ('it''s; \\', 1);\ncreate index concurrently i on t (b);\n"
    "-- the end $text$ $sql",
    "v3_c": "",
    "v4_d": "comment on table t is E'a\\nb'; create view v as select $$x$$ as x, a from t;\r\n",
}


def paste(target: Target, text: str) -> None:
    """Send everything in one message, as the SQL editor does."""
    with connect(target, autocommit=True) as connection:
        connection.execute(text.encode())


def same(first: Target, second: Target) -> None:
    histories, shapes = [], []
    for target in (first, second):
        with connect(target, autocommit=True) as connection:
            histories.append(
                connection.execute(
                    "select version, name, statements from supabase_migrations.schema_migrations"
                    " order by version"
                ).fetchall()
            )
            shapes.append(take(connection))
    assert histories[0] == histories[1]
    assert difference(*shapes) == ()


@pytest.fixture
def other(make_database: Callable[[Template], Target], platform_template: Template) -> Target:
    return make_database(platform_template)


@pytest.mark.parametrize("behind", [0, 1, 2, 4])
def test_the_bundle_brings_any_database_to_where_migrate_brings_it(
    bench: Bench, other: Target, behind: int
) -> None:
    project = bench.project(**HARD)
    migrate(bench.target, project)
    migrate(other, replace(project, migrations=project.migrations[:behind]))
    text = bundle_text(project)
    paste(other, text)
    same(bench.target, other)
    paste(other, text)
    same(bench.target, other)
    assert migrate(other, project).applied == ()


def test_the_projects_own_bundle_builds_the_projects_database(
    bench: Bench, other: Target, prospectr_project: Project
) -> None:
    migrate(bench.target, prospectr_project)
    paste(other, bundle_text(prospectr_project))
    same(bench.target, other)


def test_a_bundle_that_fails_keeps_what_came_before_and_goes_on_when_mended(
    bench: Bench,
) -> None:
    bad = {"v1_a": "create table t (a int)", "v2_b": "select 1 / 0", "v3_c": "create table u ()"}
    with pytest.raises(psycopg.errors.DivisionByZero):
        paste(bench.target, bundle_text(bench.project(**bad)))
    assert bench.versions() == ["1"]
    paste(bench.target, bundle_text(bench.project(**{**bad, "v2_b": "select 1"})))
    assert bench.versions() == ["1", "2", "3"]


def test_an_editor_that_goes_on_after_an_error_cannot_skip_a_migration(bench: Bench) -> None:
    text = bundle_text(bench.project(v1_a="select 1", v2_b="create table u ()"))
    head, second = text.split("-- 2_b.sql")
    paste(bench.target, head.split("-- 1_a.sql")[0])
    with pytest.raises(psycopg.errors.RaiseException, match=r"1_a\.sql has to be applied before"):
        paste(bench.target, "-- 2_b.sql" + second)
    assert bench.versions() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("create table t (a int);\nvacuum t;", r"1_a\.sql:2: this cannot run inside"),
        ("copy t from stdin;\n1\n\\.\n", "COPY FROM STDIN"),
        ("savepoint a;", "savepoint"),
        ("create type m as enum ();\nalter type m add value 'x';\nselect 'x'::m;", "enum value"),
    ],
)
def test_what_a_block_cannot_carry_out_is_refused(bench: Bench, text: str, said: str) -> None:
    with pytest.raises(MigrationFileError, match=said):
        bundle_text(bench.project(v1_a=text))


def test_a_bundle_knows_whether_it_is_stale(bench: Bench) -> None:
    project = bench.project(v1_a="select 1")
    assert not check_bundle(project).up_to_date
    assert write_bundle(project).written
    assert not write_bundle(project).written
    assert check_bundle(project).up_to_date
    assert not check_bundle(bench.project(v2_b="select 2")).up_to_date
