# ruff: noqa: S608 - nothing of these schemas is input
"""Tenants by a claim that is a list, such as the teams of a user: each may own rows."""

from __future__ import annotations

from collections.abc import Callable

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import run
from tests.integration.access.holding import Held

TEAMS = "auth.jwt() -> 'app_metadata' -> 'teams'"
SCHEMA = f"""
create schema private;
grant usage on schema private to authenticated;
create table public.projects (id uuid primary key default gen_random_uuid(), team text not null);
alter table public.projects enable row level security;
create policy r on public.projects for select to authenticated
using (team = any (array(select jsonb_array_elements_text({TEAMS}))));
revoke all on public.projects from anon, authenticated, service_role;
grant select on public.projects to authenticated, service_role;
create function private.each() returns setof text language sql stable set search_path = ''
as $$ select jsonb_array_elements_text({TEAMS}) $$;
create function private.listed() returns text[] language sql stable set search_path = ''
as $$ select coalesce(array_agg(t), '{{}}') from jsonb_array_elements_text({TEAMS}) as t $$;
create function private.said() returns jsonb language sql stable set search_path = ''
as $$ select {TEAMS} $$;
"""
SPELLINGS = (
    f"coalesce({TEAMS}, '[]') ? team",
    f"to_jsonb(team) <@ (select {TEAMS})",
    f"exists (select from jsonb_array_elements_text({TEAMS}) as t (name) where t.name = team)",
    "team in (select private.each())",
    "team = any (private.listed())",
    "(select private.said()) ? team",
)


def test_whoever_has_the_team_among_those_of_his_token_owns_its_rows(
    held: Callable[[str], Held],
) -> None:
    after = held(SCHEMA)
    for condition in SPELLINGS:
        assert after(f"alter policy r on public.projects using ({condition})") == set(), condition
    assert after(f"alter policy r on public.projects using ({TEAMS} is not null)") == {
        "Authenticated strangers can now read projects (every column) on other people's rows."
    }
    found = after(f"alter policy r on public.projects using ({TEAMS} ? 'none')")
    assert any("can no longer read projects" in sentence for sentence in found)


def test_a_list_that_users_write_themselves_is_told(target: Target) -> None:
    run(target, SCHEMA.replace("'app_metadata'", "'user_metadata'"))
    found = {f.sentence for f in judge(observe(target)) if f.severity == "error"}
    assert any("user_metadata" in sentence for sentence in found), found
