"""Who belongs to what is remembered, however policies ask; and what a role may make of one."""

from __future__ import annotations

from collections.abc import Callable

from prospectr_db.database import Target
from tests.integration.access.held import hold
from tests.integration.access.holding import Held

RANKS = """
create type public.ws_role as enum ('viewer', 'member', 'admin', 'owner');
create table public.workspaces (id uuid primary key default gen_random_uuid(), name text not null);
create table public.workspace_members (
    workspace_id uuid not null references public.workspaces (id) on delete cascade,
    member_id uuid not null references auth.users (id) on delete cascade,
    role public.ws_role not null default 'viewer',
    primary key (workspace_id, member_id)
);
create table public.projects (
    id uuid primary key default gen_random_uuid(),
    workspace_id uuid not null references public.workspaces (id) on delete cascade,
    name text not null
);
create schema private;
grant usage on schema private to authenticated;
create function private.role_in(workspace uuid) returns public.ws_role
language sql stable security definer set search_path = '' as $$
    select m.role from public.workspace_members as m
    where m.workspace_id = workspace and m.member_id = auth.uid()
$$;
create function private.at_least(workspace uuid, wanted public.ws_role) returns boolean
language sql stable security definer set search_path = ''
as $$ select coalesce(private.role_in(workspace) >= wanted, false) $$;
alter table public.workspaces enable row level security;
alter table public.workspace_members enable row level security;
alter table public.projects enable row level security;
revoke all on all tables in schema public from anon, authenticated, service_role;
revoke execute on all functions in schema private from public;
grant execute on all functions in schema private to authenticated;
grant select on public.workspaces, public.workspace_members to authenticated;
grant update (role) on public.workspace_members to authenticated;
grant select, insert, update (name) on public.projects to authenticated;
create policy "members" on public.workspaces for select to authenticated
using (private.role_in(id) is not null);
create policy "members" on public.workspace_members for select to authenticated
using (private.role_in(workspace_id) is not null);
create policy "admins" on public.workspace_members for update to authenticated
using (private.at_least(workspace_id, 'admin') and role < 'owner' and member_id <> auth.uid())
with check (private.at_least(workspace_id, 'admin') and role < 'owner');
create policy "members" on public.projects for select to authenticated
using (private.role_in(workspace_id) is not null);
create policy "admins" on public.projects for insert to authenticated
with check (private.at_least(workspace_id, 'admin'));
create policy "more than viewers" on public.projects for update to authenticated
using (private.at_least(workspace_id, 'member'));
"""


def test_ranks_that_are_spelled_out_leave_the_same_role_the_least(
    held: Callable[[str], Held],
) -> None:
    found = held(RANKS)(
        """
        create or replace function private.at_least(workspace uuid, wanted public.ws_role)
        returns boolean language sql stable security definer set search_path = '' as $$
            select exists (
                select from public.workspace_members as a
                where a.workspace_id = workspace and a.member_id = auth.uid() and case wanted
                    when 'viewer' then true
                    when 'member' then a.role in ('member', 'admin', 'owner')
                    when 'admin' then a.role in ('admin', 'owner')
                    when 'owner' then a.role = 'owner' end
            )
        $$
        """
    )
    assert found == set()


def test_that_admins_make_owners_is_a_leak(held: Callable[[str], Held]) -> None:
    found = held(RANKS)(
        'alter policy "admins" on public.workspace_members'
        " with check (private.at_least(workspace_id, 'admin') and role <= 'owner')"
    )
    assert [one for one in found if "can now update workspace_members.role" in one], found


def test_the_contract_says_who_belongs_and_who_may_least(target: Target) -> None:
    facts = hold(target, RANKS).contract.facts
    assert facts.least["workspace_members"] == ("role=viewer",)
    assert facts.members == {"workspaces": ("workspace_members",)}
