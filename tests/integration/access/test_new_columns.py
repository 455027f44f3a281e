"""A column that comes or goes is a change of who reads and writes what."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.access.holding import Held

PEOPLE = """
create table public.people (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    name text not null,
    bio text
);
alter table public.people enable row level security;
create policy "own" on public.people for all to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create view public.directory with (security_invoker = true) as
select p.id, p.name from public.people as p;
revoke all on public.people, public.directory from anon, authenticated, service_role;
grant select, insert, update on public.people to authenticated;
grant select on public.directory to authenticated;
"""


def test_a_new_column_is_told_with_who_reads_and_writes_it(held: Callable[[str], Held]) -> None:
    after = held(PEOPLE)
    found = after("alter table public.people add column salary integer")
    assert found == {
        "Owners can now read people.salary on their own rows.",
        "Owners can now insert into people.salary for themselves.",
        "Owners can now update people.salary on their own rows.",
    }


def test_a_new_column_that_is_nobodys_to_see_opens_nothing(held: Callable[[str], Held]) -> None:
    after = held(PEOPLE)
    found = after(
        "alter table public.people add column salary integer;"
        "revoke select, insert, update on public.people from authenticated;"
        "grant select (id, user_id, name, bio), insert (id, user_id, name, bio),"
        " update (id, user_id, name, bio) on public.people to authenticated;"
    )
    assert found == set()


def test_a_new_column_of_a_view_is_told(held: Callable[[str], Held]) -> None:
    after = held(PEOPLE)
    found = after(
        "create or replace view public.directory with (security_invoker = true) as"
        " select p.id, p.name, p.bio from public.people as p"
    )
    assert found == {"Owners can now read directory.bio on their own rows."}


def test_a_column_that_is_dropped_is_told(held: Callable[[str], Held]) -> None:
    after = held(PEOPLE)
    found = after("alter table public.people drop column bio")
    assert found == {"The contract speaks of people.bio, which is not there."}
