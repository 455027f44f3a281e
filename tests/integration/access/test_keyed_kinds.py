"""Functions that ask for a row of a kind, and for a limit in another: calls that are counted."""

from __future__ import annotations

import pytest

from prospectr_db.database import Target
from tests.integration.access.held import hold

COUNTING = """
create or replace function public.record_call(account uuid) returns integer
    language plpgsql security definer set search_path = '' as $$
    declare n integer;
    begin
        {mine}
        update public.counters as c set used = c.used + 1
        from public.subscriptions as s join public.plans as p on p.id = s.plan_id
        where c.account_id = account and c.metric = 'calls' and s.account_id = c.account_id
        {asked} returning c.used into n;
        if n is null then raise exception 'used up' using errcode = '42501'; end if;
        return n;
    end $$;
"""
MINE = """if not exists (select from public.accounts as a
        where a.id = account and a.owner_id = (select auth.uid())) then
            raise exception 'not yours' using errcode = '42501'; end if;"""
LIVE, LEFT = "and s.status <> 'canceled'", "and c.used < p.max_calls"
TWO_STEPS = """
create or replace function public.record_call(account uuid) returns integer
    language plpgsql security definer set search_path = '' as $$
    declare n integer;
    begin
        {mine}
        select c.used + 1 into n from public.counters as c
        where c.account_id = account and c.metric = 'calls' and c.used < (
            select p.max_calls from public.plans as p, public.subscriptions as s
            where s.plan_id = p.id and s.account_id = account and s.status <> 'canceled');
        if not found then raise exception 'used up' using errcode = '42501'; end if;
        update public.counters as c set used = n
        where c.account_id = account and c.metric = 'calls';
        return n;
    end $$;
"""
TABLES = """
create type public.standing as enum ('trialing', 'active', 'canceled');
create table public.plans (id text primary key, max_calls integer not null);
create table public.accounts (id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references auth.users (id) on delete cascade);
create index on public.accounts (owner_id);
create table public.subscriptions (
    account_id uuid primary key references public.accounts (id) on delete cascade,
    plan_id text not null references public.plans (id),
    status public.standing not null default 'trialing');
create index on public.subscriptions (plan_id);
create table public.counters (
    account_id uuid not null references public.accounts (id) on delete cascade,
    metric text not null, used integer not null default 0, primary key (account_id, metric));
alter table public.plans enable row level security;
alter table public.accounts enable row level security;
alter table public.subscriptions enable row level security;
alter table public.counters enable row level security;
revoke all on all tables in schema public from anon, authenticated, service_role;
"""
GRANTS = """
revoke all on function public.record_call from public, anon;
grant execute on function public.record_call to authenticated;
"""
CALLS = "".join((TABLES, COUNTING.format(mine=MINE, asked=f"{LIVE} {LEFT}"), GRANTS))
CHANGE = "can now change rows of their own by calling public.record_call(uuid) where"
KIND = "counters.metric=calls"
CHANGES = {
    "after the end": (
        COUNTING.format(mine=MINE, asked=LEFT),
        {f"Owners {CHANGE} {KIND}, subscriptions.status=canceled."},
    ),
    "without a limit": (
        COUNTING.format(mine=MINE, asked=LIVE),
        {f"Owners {CHANGE} {KIND}, plans.max_calls=0."},
    ),
    "in two steps": (TWO_STEPS.format(mine=MINE), set()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_row_of_the_kind_that_a_function_asks_for_lets_a_call_through(
    target: Target, change: str
) -> None:
    statement, told = CHANGES[change]
    assert hold(target, CALLS).after(statement) == told


def test_anybodys_counter_is_none_of_ones_own(target: Target) -> None:
    told = hold(target, CALLS).after(COUNTING.format(mine="", asked=f"{LIVE} {LEFT}"))
    assert {one.partition(" can now ")[2] for one in told} == {
        f"change other people's rows by calling public.record_call(uuid) where {KIND}."
    }


NEVER = "".join(
    (
        TABLES,
        COUNTING.format(mine=MINE, asked=f"{LIVE} {LEFT} and current_setting('a.b', true) = 'c'"),
        GRANTS,
    )
)


def test_a_function_that_lets_nobody_through_is_told(target: Target) -> None:
    held = hold(target, NEVER)
    told = [one for one in held.warnings() if "gets anything from" in one]
    assert len(told) == 1
    assert told[0].startswith(
        "No user of the world gets anything from public.record_call(uuid): it refuses every call"
        " (used up)."
    )
