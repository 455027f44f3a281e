"""A plan asks the rows that are there: what they would break, and what would be thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from prospectr_db.database import Target, connect_as_migrator
from prospectr_db.migrations.apply import apply_files
from prospectr_db.migrations.plan import Copies, Plan, plan
from prospectr_db.project import Project
from prospectr_db.report.plan import plan_markdown, plan_text
from prospectr_db.report.style import Style

if TYPE_CHECKING:
    from prospectr_db.server.templates import Template
    from tests.integration.migrations.conftest import Bench

TABLES = """
create table public.teams (id int primary key, name text);
create table public.notes (
    id int primary key, team_id int, body text, email text, kept int default 1, old text
);
create table public."Odd { name }" (id int, "a ""quoted"" column" text);
create table public.parts (id int, region text) partition by list (region);
create table public.parts_eu partition of public.parts for values in ('eu');
"""
ROWS = (
    "insert into public.teams values (1, 'a')",
    "insert into public.notes values (1, 1, null, 'a@x', 1, 'v'), (2, 9, 'b', 'a@x', -1, null)",
    'insert into public."Odd { name }" values (1, null)',
    "insert into public.parts values (1, 'eu'), (1, 'eu')",
)


@pytest.fixture
def copies(make_database: Callable[[Template], Target], platform_template: Template) -> Copies:
    @contextmanager
    def lend(project: Project) -> Iterator[Target]:
        made = make_database(platform_template)
        with connect_as_migrator(made, autocommit=True) as connection:
            apply_files(connection, project.migrations)
        yield made

    return lend


@pytest.fixture
def planned(bench: Bench, copies: Copies) -> Callable[..., Plan]:
    """Plan one pending file against a database that has rows."""
    bench.apply(v1_tables=TABLES)
    bench.execute(*ROWS)

    def run(text: str, **options: bool) -> Plan:
        project = bench.project(v1_tables=TABLES, v2_change=text)
        return plan(bench.target, project, copies, squawk=None, access=False, **options)

    return run


BROKEN = {
    "alter table public.notes alter body set not null;": ("1 row of notes without a value in body"),
    "alter table public.notes add constraint positive check (kept > 0);": (
        "1 row of notes against the check positive"
    ),
    "alter table public.notes add constraint late check (kept > 0) not valid;"
    " alter table public.notes validate constraint late;": (
        "1 row of notes against the check late"
    ),
    "alter table public.notes add constraint team"
    " foreign key (team_id) references public.teams (id);": (
        "1 row of notes pointing at nothing under the foreign key team"
    ),
    "create unique index notes_email on public.notes (lower(email));": (
        "notes has the same more than once under notes_email (1 row)"
    ),
    "alter table public.notes add kind text not null;": (
        "2 rows in notes, and the new column kind has no default"
    ),
    'alter table public."Odd { name }" alter "a ""quoted"" column" set not null;': (
        '1 row of "Odd { name }" without a value in "a ""quoted"" column"'
    ),
    "alter table public.teams add constraint c check (id > 0);"
    " alter table public.teams drop constraint c, add constraint c check (id > 1);": (
        "1 row of teams against the check c"
    ),
    "alter table public.parts add constraint p unique (id, region);": (
        "parts has the same more than once under p (1 row)"
    ),
}
# What pg_dump writes at the top of a file: names no longer depend on the search_path.
PREAMBLE = "select pg_catalog.set_config('search_path', '', false);\n"


def test_a_rule_that_rows_break_makes_the_plan_not_ready(
    planned: Callable[..., Plan], bench: Bench
) -> None:
    report = planned(PREAMBLE + "\n".join(BROKEN))
    assert not report.ok
    assert report.dangers == tuple(
        f"supabase/migrations/2_change.sql:{line} fails: {sentence}."
        for line, sentence in enumerate(BROKEN.values(), start=2)
    )
    for question in report.rows:
        # The query, which is shown, finds as many.
        assert question.query is not None
        assert len(bench.rows(question.query)) == question.found
    for text in BROKEN:
        with pytest.raises(psycopg.IntegrityError):
            bench.execute(f"begin; {text}")


def test_a_unique_index_made_concurrently_is_asked_about_too(planned: Callable[..., Plan]) -> None:
    report = planned("create unique index concurrently notes_email on public.notes (email);")
    (danger,) = report.dangers
    assert danger.endswith("fails: notes has the same more than once under notes_email (1 row).")


KEPT = (
    "alter table public.notes alter email set not null;",
    "alter table public.notes add constraint positive check (kept > 0) not valid;",
    "alter table public.notes add constraint known check (kept is null or kept < 9);",
    "create unique index on public.notes (body);",
    "create unique index on public.notes (email) where kept > 0;",
    "alter table public.notes add kind text not null default 'x';",
    "alter table public.notes add n int generated always as (id * 2) stored not null;",
    "create table public.fresh (id int primary key, note int not null references public.notes);",
    "create view public.v as select id from public.notes; drop view public.v;",
    "alter table public.notes rename to remarks;",
)


def test_what_the_rows_keep_is_ready(planned: Callable[..., Plan], bench: Bench) -> None:
    report = planned("\n".join(KEPT))
    assert report.dangers == ()
    assert report.ok
    assert [(question.kind, question.found) for question in report.rows] == [
        ("not null", 0),
        ("check", 0),
        ("unique", 0),
        ("unique", 0),
    ]
    bench.apply(v1_tables=TABLES, v2_change="\n".join(KEPT))


LOSSES = {
    "alter table public.notes drop old;": "drops the values of notes.old in 1 row",
    "drop table public.teams;": "drops teams with 1 row",
    "truncate public.notes;": "deletes 2 rows of notes",
}


def test_values_that_are_thrown_away_are_told_and_may_be_accepted(
    planned: Callable[..., Plan],
) -> None:
    text = "\n".join(LOSSES)
    report = planned(text)
    assert report.dangers == tuple(
        f"supabase/migrations/2_change.sql:{line} {sentence}."
        for line, sentence in enumerate(LOSSES.values(), start=1)
    )
    assert not report.ok
    accepted = planned(text, accept_loss=True)
    assert accepted.ok
    assert all(question.is_loss and question.found for question in accepted.rows)


def test_dropping_what_holds_nothing_is_no_loss(planned: Callable[..., Plan], bench: Bench) -> None:
    bench.execute("update public.notes set old = null")
    report = planned("alter table public.notes drop old;")
    assert report.ok
    assert [(question.kind, question.found) for question in report.rows] == [("column", 0)]


def test_a_rule_whose_rows_are_mended_first_is_told_and_does_not_stop(
    planned: Callable[..., Plan],
) -> None:
    report = planned(
        "update public.notes set body = '' where body is null;\n"
        "alter table public.notes alter body set not null;"
    )
    assert report.ok
    (question,) = report.rows
    assert (question.line, question.found, question.changed_before) == (2, 1, True)
    text = plan_text(report, Style(width=100, color=False))
    assert "1 row of notes without a value in body (an earlier statement writes to it)" in text


def test_what_cannot_be_asked_says_so(planned: Callable[..., Plan]) -> None:
    report = planned(
        "alter table public.notes rename body to text;\n"
        "alter table public.notes add check (text <> ''), alter kept type smallint;"
    )
    assert {(question.kind, question.error) for question in report.rows} == {
        ("check", "no query can tell"),
        ("type", "no query can tell"),
    }


def test_rows_are_not_asked_where_that_is_not_wanted(
    planned: Callable[..., Plan], bench: Bench
) -> None:
    reads = "select seq_scan from pg_catalog.pg_stat_user_tables where relname = 'notes'"
    before = bench.value(reads)
    report = planned("alter table public.notes alter body set not null;", rows=False)
    assert report.ok
    (question,) = report.rows
    assert question.found is None
    assert bench.value(reads) == before
    for show in (plan_text, plan_markdown):
        text = show(report, Style(width=100, color=False))
        assert "every row of notes must have a value in body (not asked)" in text
        assert str(question.query) in text
