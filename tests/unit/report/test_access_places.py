"""A finding points at the line that last decided it, wherever the project lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from prospectr_db.access.matrix.finding import Finding, Kind
from prospectr_db.project import load
from prospectr_db.report.access_places import Place, Places

FIRST = """\
-- create policy "commented out" on public.notes for select using (true);
create table public.notes (id int, body text default 'create policy x on notes for select');
alter table public.notes enable row level security;

create policy "See own; really" on public.notes
    for select to authenticated using (owner = 1);
create policy "change" on notes for update using (owner = 1);
create table public.other_notes (id int);
create policy "See own; really" on public.other_notes for select using (true);
"""
SECOND = """\
/* a later change */ alter policy "See own; really" on public.notes using (true);
drop policy change on public.notes;
create policy "anything" on public.notes as permissive to authenticated using (owner = 2);
grant select (id, body), update on table public.other_notes, "public"."notes" to anon;
revoke all on all tables in schema private from anon;
alter publication supabase_realtime add table only public.notes;
create or replace function public.total(a int) returns int language sql as 'select 1';
create table private.notes (id int);
create table public.plain (id int); grant all on public.plain to anon;
do $$ begin execute 'alter table public.hidden add column x int'; end $$;
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "apps" / "my site" / "supabase" / "migrations"
    folder.mkdir(parents=True)
    (folder.parent / "config.toml").write_text("", encoding="utf-8")
    (folder / "20260101000000_first.sql").write_text(FIRST, encoding="utf-8")
    (folder / "20260102000000_second.sql").write_text(SECOND, encoding="utf-8")
    return Places(load(folder.parent.parent))


def finding(
    relation: str, command: str, *, rule: str = "other-rows", kind: Kind = "leak"
) -> Finding:
    return Finding(kind, "error", relation, "stranger", "other", command, (), "…", rule=rule)


@pytest.mark.parametrize(
    ("found", "file", "line"),
    [
        (finding("notes", "select"), "second", 1),
        (finding("other_notes", "select"), "first", 9),
        (finding("notes", "update"), "second", 3),
        (finding("notes", "delete"), "second", 3),
        (finding("notes", "update", kind="loss"), "second", 3),
        (finding("notes", "truncate", rule="truncate"), "second", 4),
        (finding("notes", "", rule="idle-grant"), "second", 4),
        (finding("notes", "listen", rule="published"), "second", 6),
        (finding("public.total(integer)", "call", rule="function"), "second", 7),
        (finding("private.notes", "select"), "second", 8),
        (finding("plain", "select", rule="rls-off"), "second", 9),
        (finding("hidden", "select"), "second", 10),
    ],
    ids=[
        "a policy altered later",
        "another table with a policy of the same name",
        "a policy for all commands, the one for this being dropped",
        "a policy for all commands",
        "what was lost",
        "a privilege",
        "a grant",
        "a publication",
        "a function",
        "a table of another schema",
        "a table without policies",
        "a name in a block of code",
    ],
)
def test_the_line_is_the_one_that_decided(
    found: Finding, file: str, line: int, places: Places
) -> None:
    number = {"first": 1, "second": 2}[file]
    path = f"apps/my site/supabase/migrations/2026010{number}000000_{file}.sql"
    assert places.of(found) == Place(path, line)


def test_what_no_migration_names_points_at_a_file_that_is_there(places: Places) -> None:
    assert places.of(finding("nowhere", "select")).path.endswith("20260101000000_first.sql")


def test_a_contracts_own_section_is_found(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "apps" / "my site" / "supabase" / "access.toml"
    path.write_text('version = 1\n\n[tables."gone away"]\n', encoding="utf-8")
    found = finding("gone away", "", kind="gone")
    assert places.of(found) == Place("apps/my site/supabase/access.toml", 3)
