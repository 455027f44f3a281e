"""New rows that ask for what is beside them: the account's subscription, and how much it allows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import BESIDE_NEW, COVERS
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

PLPGSQL = """
create or replace function private.has_room(account uuid) returns boolean
    language plpgsql stable security definer set search_path = '' as $$
    declare allowed integer; present integer;
    begin
        select p.max_files into allowed
        from public.subscriptions as s join public.plans as p on p.id = s.plan_id
        where s.account_id = account and s.status in ('trialing', 'active');
        if not found then return false; end if;
        select count(*) into present from public.files as f where f.account_id = account;
        return {asked};
    end $$;
"""
SQL = """
create or replace function private.has_room(account uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (select from public.subscriptions as s
        join public.plans as p on p.id = s.plan_id
        where s.account_id = account and {status}
        and p.max_files > (select count(*) from public.files as f where f.account_id = account)) $$;
"""
TABLES = """
create schema private;
grant usage on schema private to authenticated;
create type public.standing as enum ('trialing', 'active', 'past_due', 'canceled');
create table public.plans (id text primary key, max_files integer not null);
create table public.accounts (id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references auth.users (id) on delete cascade);
create index on public.accounts (owner_id);
create table public.subscriptions (
    account_id uuid primary key references public.accounts (id) on delete cascade,
    plan_id text not null references public.plans (id),
    status public.standing not null default 'trialing');
create index on public.subscriptions (plan_id);
create table public.files (id uuid primary key default gen_random_uuid(),
    account_id uuid not null references public.accounts (id) on delete cascade,
    title text not null);
create index on public.files (account_id);
create function private.owns(account uuid) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (select from public.accounts as a
        where a.id = account and a.owner_id = (select auth.uid())) $$;
"""
POLICIES = """
alter table public.plans enable row level security;
alter table public.accounts enable row level security;
alter table public.subscriptions enable row level security;
alter table public.files enable row level security;
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select, insert on public.files to authenticated;
create policy seen on public.files for select to authenticated using (private.owns(account_id));
create policy within_quota on public.files for insert to authenticated
    with check (private.owns(account_id) and private.has_room(account_id));
"""
CREATED = "".join((TABLES, PLPGSQL.format(asked="present < allowed"), POLICIES))
LATE = "Owners can now insert into files (every column) for themselves where"
CHANGES = {
    "one more status": (
        SQL.format(status="s.status <> 'canceled'"),
        {f"{LATE} subscriptions.status=past_due."},
    ),
    "no limit": (PLPGSQL.format(asked="true"), {f"{LATE} plans.max_files=0."}),
    "no quota": (
        "alter policy within_quota on public.files with check (private.owns(account_id))",
        {
            f"{LATE} plans.max_files=0.",
            f"{LATE} subscriptions.status=canceled.",
            f"{LATE} subscriptions.status=past_due.",
        },
    ),
    "the same in SQL": (SQL.format(status="s.status in ('active', 'trialing')"), set()),
    "the same turned round": (PLPGSQL.format(asked="not (allowed <= present)"), set()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_new_row_is_tried_in_the_states_of_what_is_beside_it(target: Target, change: str) -> None:
    statement, told = CHANGES[change]
    assert hold(target, CREATED).after(statement) == told


def test_a_contract_that_does_not_say_so_is_told_once(target: Target) -> None:
    facts = parse_contract(hold(target, CREATED).text).facts
    shut = frozenset(entry for entry in facts.shut if entry[0] != "files")
    assert shut != facts.shut
    older = replace(facts, shut=shut, covers=frozenset(COVERS) - {BESIDE_NEW})
    held = Held(target, render(older, accepted={}))
    assert not held.errors()
    assert (
        "The contract does not say yet in which states of what is beside them rows of files are"
        " added: let `access write` add it."
    ) in held.warnings()
