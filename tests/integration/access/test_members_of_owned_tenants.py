"""Memberships in tenants that somebody owns: he adds and removes others, and not himself."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import COVERS, OWNED_TENANTS
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

ACCOUNTS = """
create schema private;
grant usage on schema private to authenticated;
create table public.accounts (id uuid primary key default gen_random_uuid(), name text not null,
    owner_id uuid not null references auth.users (id) on delete cascade);
create index on public.accounts (owner_id);
create table public.account_users (
    account_id uuid not null references public.accounts (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    primary key (account_id, user_id));
create index on public.account_users (user_id);
create function private.belongs(account uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (select from public.account_users as u
        where u.account_id = account and u.user_id = (select auth.uid())) $$;
create function private.owns(account uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (select from public.accounts as a
        where a.id = account and a.owner_id = (select auth.uid())) $$;
alter table public.accounts enable row level security;
alter table public.account_users enable row level security;
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on public.accounts to authenticated;
grant select, insert, delete on public.account_users to authenticated;
create policy seen on public.accounts for select to authenticated
    using (owner_id = (select auth.uid()) or private.belongs(id));
create policy seen on public.account_users for select to authenticated
    using (private.belongs(account_id));
create policy owner_adds on public.account_users for insert to authenticated
    with check (private.owns(account_id));
create policy owner_removes on public.account_users for delete to authenticated
    using (private.owns(account_id) and user_id <> (select auth.uid()));
"""
REMOVED = "alter policy owner_removes on public.account_users using"


def test_an_owner_who_removes_others_and_not_himself_is_seen(target: Target) -> None:
    held = hold(target, ACCOUNTS)
    assert held.after(f"{REMOVED} (private.owns(account_id))") == {
        "Owners can now delete account_users on their own rows."
    }


def test_members_who_remove_each_other_are_told(target: Target) -> None:
    held = hold(target, ACCOUNTS)
    told = held.after(f"{REMOVED} (private.belongs(account_id) and user_id <> auth.uid())")
    assert told == {"Plain members can now delete account_users on other people's rows."}


def test_an_owner_who_removes_nobody_any_more_is_told(target: Target) -> None:
    held = hold(target, ACCOUNTS)
    told = held.after("drop policy owner_removes on public.account_users")
    lost = "Owners can no longer delete account_users on other people's rows under their own"
    assert any(one.startswith(lost) for one in told)


def test_another_spelling_of_others_is_the_same(target: Target) -> None:
    held = hold(target, ACCOUNTS)
    others = "user_id is distinct from auth.uid() and account_id in"
    mine = "(select a.id from public.accounts as a where a.owner_id = auth.uid())"
    assert not held.after(f"{REMOVED} ({others} {mine})")


def test_a_contract_that_does_not_say_so_is_told_once(target: Target) -> None:
    facts = parse_contract(hold(target, ACCOUNTS).text).facts
    allowed = {e: names for e, names in facts.allowed.items() if "under own" not in e[2]}
    assert allowed != facts.allowed
    older = replace(facts, allowed=allowed, covers=frozenset(COVERS) - {OWNED_TENANTS})
    assert not Held(target, render(older, accepted={})).errors()
