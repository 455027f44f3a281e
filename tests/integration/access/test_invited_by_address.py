"""Invitations to an address that a function compares with the one of its caller's account."""

from __future__ import annotations

import pytest

from prospectr_db.database import Target
from tests.integration.access.held import hold

TEAMS = """
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    email text not null
);
create table public.teams (id uuid primary key default gen_random_uuid(), name text not null);
create table public.members (
    team_id uuid not null references public.teams (id) on delete cascade,
    user_id uuid not null references public.profiles (id) on delete cascade,
    primary key (team_id, user_id)
);
create table public.invitations (
    id uuid primary key default gen_random_uuid(),
    team_id uuid not null references public.teams (id) on delete cascade,
    email text not null,
    token uuid not null default gen_random_uuid(),
    accepted_at timestamptz,
    expires_at timestamptz not null default now() + interval '7 days'
);
create function public.greet() returns trigger language plpgsql security definer
set search_path = '' as $$
begin insert into public.profiles (id, email) values (new.id, new.email); return new; end $$;
create trigger greet after insert on auth.users for each row execute function public.greet();
alter table public.profiles enable row level security;
alter table public.teams enable row level security;
alter table public.members enable row level security;
alter table public.invitations enable row level security;
revoke all on public.profiles, public.teams, public.members, public.invitations
from anon, authenticated, service_role;
grant select on public.profiles, public.teams, public.members to authenticated;
create policy "own" on public.profiles for select to authenticated using (id = (select auth.uid()));
create policy "own" on public.members for select to authenticated
using (user_id = (select auth.uid()));
create policy "mine" on public.teams for select to authenticated
using (exists (select from public.members m where m.team_id = id and m.user_id = auth.uid()));
"""
OPEN = "i.accepted_at is null and i.expires_at > now()"
MINE = "lower(i.email) = lower(p.email)"


ACCEPTING = """
create or replace function public.accept(p_token uuid) returns void language plpgsql
security definer set search_path = '' as $$
declare inv public.invitations;
begin
    select i.* into inv from public.invitations i, public.profiles p
    where i.token = p_token and p.id = auth.uid() and {};
    if inv.id is null then raise exception 'no such invitation'; end if;
    insert into public.members (team_id, user_id) values (inv.team_id, auth.uid())
    on conflict do nothing;
    update public.invitations set accepted_at = now() where id = inv.id;
end $$;
revoke all on function public.accept(uuid) from public, anon;
grant execute on function public.accept(uuid) to authenticated;
"""


def _accepting(*conditions: str) -> str:
    return ACCEPTING.format(" and ".join(conditions))


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ((MINE, "i.accepted_at is null"), "where invitations.expires_at=2020-01-01"),
        ((MINE, "i.expires_at > now()"), "where invitations.accepted_at=2020-01-01"),
        ((OPEN,), "Authenticated strangers can now call public.accept(uuid)"),
    ],
    ids=["it has expired", "it was accepted", "it is somebody else's"],
)
def test_what_an_invitation_asks_for_is_held(
    target: Target, conditions: tuple[str, ...], told: str
) -> None:
    held = hold(target, TEAMS + _accepting(MINE, OPEN))
    found = held.after(_accepting(*conditions))
    assert any(told in sentence for sentence in found), found
