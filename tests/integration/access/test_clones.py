"""Several connections, each with a world of its own, give one answer and leave nothing behind."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from prospectr_db.access import clones
from prospectr_db.access.mutants import mutate
from prospectr_db.access.observe import observe, observing
from prospectr_db.access.sabotage import SabotageNotSeenError
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_admin, connect_as_migrator
from tests.integration.access.schemas import NOTES

# A trigger that sets now() shows whether a world was built in the transaction that observes it.
MORE = """
alter table public.notes add column updated_at timestamptz not null default now();
grant update (updated_at) on public.notes to authenticated;
create function public.touch() returns trigger language plpgsql set search_path = '' as
$$ begin new.updated_at := now(); return new; end $$;
create trigger touch before update on public.notes for each row execute function public.touch();
create table public.lines (
    id bigint generated always as identity primary key,
    note_id uuid not null references public.notes, content text not null);
alter table public.lines enable row level security;
grant select, insert on public.lines to authenticated;
create policy "see own" on public.lines for select to authenticated using (exists (
    select 1 from public.notes as n where n.id = note_id and n.user_id = (select auth.uid())));
create policy "add any" on public.lines for insert to authenticated with check (true);
create table public.words (word text primary key);
alter table public.words enable row level security;
grant select on public.words to anon;
create policy "everybody" on public.words for select to anon using (true);
"""


@pytest.fixture
def schema(target: Target) -> Target:
    with connect_as_migrator(target) as connection:
        connection.execute(NOTES)
        connection.execute(MORE)
    return target


def _databases(target: Target) -> set[str]:
    with connect_admin(target) as connection:
        rows = connection.execute("select datname from pg_catalog.pg_database").fetchall()
    return {name for (name,) in rows}


def test_the_answer_does_not_depend_on_the_number_of_connections(schema: Target) -> None:
    one = observe(schema, connections=1)
    with connect_as_migrator(schema) as connection:
        # A sequence is the one thing that no rollback puts back.
        connection.execute("alter table public.lines alter column id restart")
    three = observe(schema, connections=3)
    assert {table.relation for table in one.tables} >= {"notes", "lines", "words"}
    assert one.probes > 100
    assert replace(one, seconds=0) == replace(three, seconds=0)


def test_copies_are_dropped_also_after_an_error(
    schema: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def fail(*_: object, **__: object) -> None:
        seen.extend(_databases(schema))
        raise SabotageNotSeenError

    monkeypatch.setattr("prospectr_db.access.observe.observe_everything", fail)
    with pytest.raises(SabotageNotSeenError):
        observe(schema, connections=2)
    copies = [name for name in seen if name.startswith(f"world_{os.getpid()}_")]
    assert len(copies) == 1
    assert not set(copies) & _databases(schema)


def test_a_copy_is_made_only_where_tables_are_many(
    schema: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clones, "_processors", lambda: 8)
    assert _chosen(schema) == 1
    monkeypatch.setattr(clones, "_PAYS_FROM", 3)
    assert _chosen(schema) == 4
    monkeypatch.setattr(clones, "_PAYS_FROM", 5)
    assert _chosen(schema) == 1


def test_results_come_in_order_whoever_worked() -> None:
    def work(_: int, item: int) -> int:
        time.sleep(0.002 * (5 - item))
        return item

    assert list(clones.share((1, 2, 3), range(5), work)) == [0, 1, 2, 3, 4]  # type: ignore[arg-type]


def test_mutants_are_tried_on_every_connection_with_one_result(schema: Target) -> None:
    found = []
    for number in (1, 3):
        with observing(schema, connections=number) as (observation, matrix):
            assert len(observation.others) == number - 1
            report = mutate(observation, matrix, None)
            tried = [m.controls for m in (observation, *observation.others)]
            assert all(tried), "a connection was idle"
        found.append(replace(report, seconds=0))
    assert found[0] == found[1]
    assert found[0].killed


def _chosen(target: Target) -> int:
    with connect_admin(target) as connection:
        return clones.worthwhile(target, connection)
