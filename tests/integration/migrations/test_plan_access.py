"""A plan says who gains or loses what, and is not ready where a pending migration leaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from prospectr_db.database import Target, connect_as_migrator
from prospectr_db.errors import SqlError
from prospectr_db.migrations.apply import apply_files
from prospectr_db.migrations.plan import Copies, plan
from prospectr_db.project import Project, load
from prospectr_db.report.plan import plan_markdown, plan_text
from prospectr_db.report.style import Style

if TYPE_CHECKING:
    from prospectr_db.server.templates import Template
    from tests.integration.migrations.conftest import Bench

OWNED = """
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id),
    body text
);
alter table public.notes enable row level security;
grant select, insert on public.notes to authenticated;
create policy "Users can view their own notes." on public.notes
for select to authenticated using ((select auth.uid()) = user_id);
"""
OPEN = """
grant select on public.notes to anon;
create policy "Everybody can view notes." on public.notes for select to anon using (true);
"""


@pytest.fixture
def copies(make_database: Callable[[Template], Target], platform_template: Template) -> Copies:
    @contextmanager
    def lend(project: Project) -> Iterator[Target]:
        made = make_database(platform_template)
        with connect_as_migrator(made, autocommit=True) as connection:
            apply_files(connection, project.migrations)
        yield made

    return lend


def test_a_policy_that_opens_rows_to_visitors_is_a_leak_in_words(
    bench: Bench, copies: Copies
) -> None:
    bench.apply(v1_notes=OWNED)
    report = plan(bench.target, bench.project(v1_notes=OWNED, v2_open=OPEN), copies)
    assert [item.error for item in report.migrations] == [None]
    assert not report.ok
    assert any("Visitors without a login can now read" in leak.sentence for leak in report.leaks)
    assert all(leak.statement for leak in report.leaks)
    text = plan_text(report, Style(width=100, color=False))
    assert "leak: Visitors without a login can now read" in text
    assert "not ready: 1 to run" in text
    markdown = plan_markdown(report, Style(width=100, color=False))
    assert "- **leak**: Visitors without a login can now read" in markdown


def test_a_policy_for_owners_is_a_gain_and_a_dropped_one_a_loss(
    bench: Bench, copies: Copies
) -> None:
    bench.apply(v1_notes=OWNED)
    own = (
        'create policy "Users can add their own notes." on public.notes'
        " for insert to authenticated with check ((select auth.uid()) = user_id);"
    )
    report = plan(bench.target, bench.project(v1_notes=OWNED, v2_own=own), copies)
    assert report.ok, report.leaks
    assert ("gain", "owner", "insert") in {
        (c.kind, c.persona, c.command) for c in report.access or ()
    }
    drop = 'drop policy "Users can view their own notes." on public.notes;'
    bench.project(v2_own=drop)
    report = plan(bench.target, bench.project(v1_notes=OWNED, v2_own=drop), copies)
    assert report.ok, report.leaks
    assert ("loss", "owner", "select") in {
        (c.kind, c.persona, c.command) for c in report.access or ()
    }


def test_a_new_table_without_row_level_security_is_a_leak(bench: Bench, copies: Copies) -> None:
    bench.apply(v1_notes=OWNED)
    bare = (
        "create table public.pins (id int primary key, user_id uuid references auth.users (id));"
        "grant select, insert on public.pins to anon;"
    )
    report = plan(bench.target, bench.project(v1_notes=OWNED, v2_pins=bare), copies)
    assert {leak.relation for leak in report.leaks} == {"pins"}
    assert ("new", "pins is new.") in {(c.kind, c.sentence) for c in report.access or ()}
    assert not report.ok


def test_access_is_not_observed_where_it_is_not_asked_for(bench: Bench, copies: Copies) -> None:
    bench.apply(v1_notes=OWNED)
    report = plan(bench.target, bench.project(v1_notes=OWNED, v2_open=OPEN), copies, access=False)
    assert report.access is None
    assert report.ok
    assert "who gains" not in plan_text(report, Style(width=100, color=False))


def test_what_could_not_be_observed_is_not_green(
    bench: Bench, copies: Copies, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise SqlError("out of shared memory")

    monkeypatch.setattr("prospectr_db.migrations.plan.access_changes", fails)
    report = plan(bench.target, bench.project(v1_notes=OWNED), copies)
    assert not report.ok
    text = plan_text(report, Style(width=100, color=False))
    assert "could not be observed: out of shared memory" in text


def test_what_the_contract_states_is_a_gain(bench: Bench, copies: Copies) -> None:
    from prospectr_db.access.verify import write_contract

    bench.apply(v1_notes=OWNED)
    project = bench.project(v1_notes=OWNED, v2_open=OPEN)
    with copies(project) as after:
        write_contract(after, project)
    report = plan(bench.target, load(project.root), copies)
    assert report.ok, report.leaks
    assert ("gain", "anon", "select") in {
        (c.kind, c.persona, c.command) for c in report.access or ()
    }
