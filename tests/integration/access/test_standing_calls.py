# ruff: noqa: E501 - schemas read better in long lines
"""Functions for users with a standing are called in the states of the rows that they name."""

from __future__ import annotations

from prospectr_db.database import Target
from tests.integration.access.held import hold

RIDERS = """
create table public.riders (
    user_id uuid primary key references auth.users (id) on delete cascade,
    vetted boolean not null default false, online boolean not null default false
);
create table public.parcels (
    id uuid primary key default gen_random_uuid(),
    sender_id uuid not null references auth.users (id) on delete cascade,
    rider_id uuid references public.riders (user_id),
    status text not null default 'new' check (status in ('new', 'ready', 'gone'))
);
alter table public.riders enable row level security;
alter table public.parcels enable row level security;
create policy r on public.riders for select to authenticated using (user_id = (select auth.uid()));
create policy r on public.parcels for select to authenticated using ((select auth.uid()) in (sender_id, rider_id));
create function public.is_rider() returns boolean language sql stable security definer set search_path = ''
return exists (select from public.riders as r where r.user_id = (select auth.uid()) and r.vetted and r.online);
create policy o on public.parcels for select to authenticated using (status = 'ready' and rider_id is null and public.is_rider());
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
"""
CLAIM = """
create or replace function public.claim(parcel uuid) returns boolean language plpgsql security definer set search_path = '' as $$
begin
    if not public.is_rider() then return false; end if;
    update public.parcels as p set rider_id = auth.uid() where p.id = parcel and p.status = 'ready' {};
    return found;
end $$;
revoke execute on function public.claim(uuid) from public, anon;
grant execute on function public.claim(uuid) to authenticated;
"""
FREE = "and p.rider_id is null"


def test_what_a_rider_takes_from_another_is_seen(target: Target) -> None:
    held = hold(target, RIDERS + CLAIM.format(FREE))
    assert held.after(CLAIM.format("and coalesce(p.rider_id is null, true)")) == set()
    found = held.after(CLAIM.format(""))
    assert any(
        sentence.startswith("Users with vetted=true and online=true can now")
        and "change other people's rows by calling public.claim(uuid)" in sentence
        and "parcels.status=ready" in sentence
        for sentence in found
    )
