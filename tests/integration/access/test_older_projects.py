"""A project from before new tables needed grants is observed as it is, and told to say so."""

from __future__ import annotations

from tests.conftest import MakeProject, RunCli

FIRST = "supabase/migrations/20240101000000_notes.sql"
SECOND = "supabase/migrations/20270101000000_tags.sql"
THIRD = "supabase/migrations/20270102000000_third.sql"
CONFIG = "supabase/config.toml"
OLDER = """
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id)
);
alter table public.notes enable row level security;
create policy "Own notes" on public.notes for select using (auth.uid() = user_id);
create policy "Anything" on public.notes for delete using (true);
"""
ASSUMED = "who gains or loses access was observed as if new tables were granted"
SAYING = "auto_expose_new_tables = true under [api]"


def test_it_is_observed_as_older_ones_are_and_says_so_first(
    make_project: MakeProject, cli: RunCli
) -> None:
    root = make_project({FIRST: OLDER})
    first = cli("access", "check", project=root)
    assert first.code == 1
    lines = first.out.splitlines()
    assert lines[0].startswith("unproven    No migration grants a table to the API's roles")
    assert SAYING in lines[0]
    assert "can delete notes on other people's rows" in first.out
    assert "No user that was tried" not in first.out
    assert "NOT OK: 1 thing unproven, 1 leak (1 table, " in first.out
    # What was written is held to, also once some migration does grant something.
    wrote = cli("access", "write", project=root)
    assert SAYING in wrote.out
    (root / SECOND).write_text(
        "create table public.tags (id int primary key);"
        "alter table public.tags enable row level security;"
        "grant select on public.notes to authenticated;"
    )
    later = cli("access", "check", project=root)
    assert "can no longer" not in later.out
    assert "The table tags is not in the contract" in later.out
    # Whoever says it is told nothing.
    (root / CONFIG).write_text('project_id = "p"\n[api]\nauto_expose_new_tables = true\n')
    assert "No migration grants" not in cli("access", "check", project=root).out


def test_a_project_that_says_otherwise_is_believed(make_project: MakeProject, cli: RunCli) -> None:
    config = 'project_id = "p"\n[api]\nauto_expose_new_tables = false\n'
    root = make_project({FIRST: OLDER, CONFIG: config})
    done = cli("access", "check", project=root)
    assert "No table is granted to a role of the API" in done.out
    assert "NOT OK: 1 loss (1 table, " in done.out


def test_a_project_with_grants_is_no_older_one(make_project: MakeProject, cli: RunCli) -> None:
    root = make_project({FIRST: OLDER + "grant select on public.notes to authenticated;"})
    done = cli("access", "check", project=root)
    assert "No migration grants" not in done.out


def test_a_plan_observes_it_likewise(make_project: MakeProject, cli: RunCli) -> None:
    root = make_project({FIRST: OLDER.replace('create policy "Anything"', "-- ")})
    assert cli("migrate", project=root).code == 0
    (root / SECOND).write_text('create policy "All" on public.notes for select using (true);')
    done = cli("plan", "--check", project=root)
    assert done.code == 1
    assert ASSUMED in done.out
    assert "Visitors without a login can now read notes" in done.out
    # What fails is left out.
    (root / THIRD).write_text("select nothing_like_it;")
    failing = cli("plan", project=root).out
    assert 'column "nothing_like_it" does not exist' in failing
    assert "Visitors without a login can now read notes" in failing
    # Taking the grants away is a loss; where they are gone, none are assumed.
    (root / SECOND).write_text("revoke all on public.notes from anon, authenticated;")
    (root / THIRD).unlink()
    taking = cli("plan", project=root).out
    assert ASSUMED in taking
    assert "loss: Owners can no longer read notes" in taking
    assert cli("migrate", project=root).code == 0
    (root / THIRD).write_text('create policy "All" on public.notes for select using (true);')
    assert ASSUMED not in cli("plan", project=root).out
