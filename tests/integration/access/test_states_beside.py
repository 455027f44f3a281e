"""States of what hangs below a row, or beside it under one parent, where policies look there."""

from __future__ import annotations

from collections.abc import Callable

from prospectr_db.database import Target
from tests.integration.access.held import hold
from tests.integration.access.holding import Held

RELEASES = """
create table public.shelves (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade
);
create table public.books (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    shelf_id uuid not null references public.shelves (id) on delete cascade,
    title text not null
);
create table public.releases (
    book_id uuid primary key references public.books (id) on delete cascade,
    published boolean not null default false
);
create table public.openings (
    shelf_id uuid primary key references public.shelves (id) on delete cascade,
    opens_at timestamptz
);
alter table public.shelves enable row level security;
alter table public.books enable row level security;
alter table public.releases enable row level security;
alter table public.openings enable row level security;
create schema private;
grant usage on schema private to authenticated;
create function private.is_released(book uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.releases as r where r.book_id = book and r.published)
$$;
create function private.is_open(shelf uuid) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (
        select from public.openings as o where o.shelf_id = shelf and o.opens_at <= now()
    )
$$;
revoke all on all tables in schema public from anon, authenticated, service_role;
revoke execute on all functions in schema private from public;
grant execute on all functions in schema private to authenticated;
grant select on public.books to authenticated;
create policy "own" on public.books for select to authenticated
using (user_id = (select auth.uid()));
create policy "released" on public.books for select to authenticated
using (private.is_released(id) or private.is_open(shelf_id));
"""


def test_a_state_of_what_hangs_below_opens_a_row(target: Target) -> None:
    allowed = hold(target, RELEASES).contract.facts.allowed
    released = "other [releases.published=true]"
    assert ("books", "stranger", released, "select") in allowed
    assert ("books", "stranger", "other [openings.opens_at=2020-01-01]", "select") in allowed
    assert ("books", "stranger", "other", "select") not in allowed


def test_another_spelling_of_it_is_none(held: Callable[[str], Held]) -> None:
    found = held(RELEASES)(
        """
        create or replace function private.is_released(book uuid) returns boolean
        language plpgsql stable security definer set search_path = '' as $$
        declare said boolean;
        begin
            for said in select r.published from public.releases as r where r.book_id = book loop
                return said;
            end loop;
            return false;
        end $$
        """
    )
    assert found == set()


def test_that_it_is_not_asked_any_more_is_a_leak(held: Callable[[str], Held]) -> None:
    found = held(RELEASES)(
        """
        create or replace function private.is_open(shelf uuid) returns boolean
        language sql stable security definer set search_path = '' as $$
            select exists (select from public.openings as o where o.shelf_id = shelf)
        $$
        """
    )
    assert any("can now read books" in sentence for sentence in found), found
