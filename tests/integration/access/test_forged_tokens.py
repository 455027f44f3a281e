"""What users write into their own token is tried with whatever policies want to read there."""

from __future__ import annotations

from prospectr_db.database import Target
from tests.integration.access.held import hold, run

TENANTS = """
create schema private;
grant usage on schema private to authenticated;
create function private.tenant() returns uuid language sql stable set search_path = '' as $$
    select (auth.jwt() -> 'app_metadata' ->> 'tenant_id')::uuid $$;
create function private.role() returns text language sql stable set search_path = '' as $$
    select coalesce(auth.jwt() -> 'app_metadata' ->> 'role', '') $$;
create table public.contacts (
    id uuid primary key default gen_random_uuid(), name text not null,
    tenant_id uuid not null default private.tenant(), shared_with text[] not null default '{}');
alter table public.contacts enable row level security;
create policy ours on public.contacts as restrictive for all to authenticated
    using (tenant_id = private.tenant());
create policy reads on public.contacts for select to authenticated
    using (auth.jwt() ->> 'email' = any (shared_with) or private.role() in ('admin', 'clerk'));
create policy drops on public.contacts for delete to authenticated
    using (private.role() = 'admin');
revoke all on public.contacts from anon, authenticated, service_role;
grant select, delete on public.contacts to authenticated;
"""
ROLE = """
create or replace function private.role() returns text language sql stable set search_path = ''
as $$ select coalesce({}) $$;
"""
SERVERS = "auth.jwt() -> 'app_metadata' ->> 'role'"
USERS = "auth.jwt() -> 'user_metadata' ->> 'role'"


def test_a_role_that_members_write_themselves_is_told_of_them(target: Target) -> None:
    held = hold(target, TENANTS)
    assert held.after(ROLE.format(f"{SERVERS}, 'guest'")) == set()  # asked for nowhere
    forged = "Tokens with forged user_metadata {'role': 'admin'} of a colleague can now"
    delete = f"{forged} delete contacts on other people's rows."
    assert delete in held.after(ROLE.format(f"{SERVERS}, {USERS}, ''"))
    found = held.after(ROLE.format(f"{USERS}, ''"))
    assert delete in found
    # Whoever has it of the server is still there to be missed, and can do what everybody can.
    lost = (
        "Users with app_metadata.role=admin can no longer delete contacts on other people's rows."
    )
    assert lost in found
    run(target, ROLE.format(f"{SERVERS}, ''"))
    assert held.errors() == set()


DROPS = """
alter policy drops on public.contacts using (private.role() = 'admin' or {} = 'admin');
"""


def test_a_role_that_a_policy_names_beside_the_function_is_told(target: Target) -> None:
    held = hold(target, TENANTS)
    forged = "Tokens with forged user_metadata {'role': 'admin'} of a colleague"
    told = f"{forged} can now delete contacts on other people's rows."
    assert held.after(DROPS.format(USERS)) == {told}


TEAMS = """
create table public.teams (id uuid primary key default gen_random_uuid(), name text not null);
create table public.members (
    team_id uuid not null references public.teams on delete cascade,
    user_id uuid not null references auth.users on delete cascade,
    role text not null default 'member' check (role in ('owner', 'member')),
    primary key (team_id, user_id));
create table public.plans (
    id uuid primary key default gen_random_uuid(), body text not null,
    team_id uuid not null references public.teams on delete cascade);
alter table public.teams enable row level security;
alter table public.members enable row level security;
alter table public.plans enable row level security;
create policy own on public.members for select to authenticated
    using (user_id = (select auth.uid()));
create policy reads on public.plans for select to authenticated using (team_id in (
    select m.team_id from public.members as m where m.user_id = (select auth.uid())));
create policy drops on public.plans for delete to authenticated using (team_id in (
    select m.team_id from public.members as m
    where m.user_id = (select auth.uid()) and m.role = 'owner'));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on public.members to authenticated;
grant select, delete on public.plans to authenticated;
"""
BELIEVING = """
alter policy drops on public.plans using (team_id in (
    select m.team_id from public.members as m
    where m.user_id = (select auth.uid()) and (m.role = 'owner' or {} = 'owner')));
"""


def test_members_of_a_table_forge_as_what_they_are_there(target: Target) -> None:
    held = hold(target, TEAMS)
    forged = "Tokens with forged user_metadata {'role': 'owner'} of a role=member"
    assert held.after(BELIEVING.format(USERS)) == {f"{forged} can now delete plans on any row."}
