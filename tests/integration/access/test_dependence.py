# ruff: noqa: E501, S608 - schemas read better in long lines, and nothing of them is input
"""Totals, ranks and yes-or-no answers that begin to rest on other people's rows are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold, run

SALES = """
create schema private;
grant usage on schema private to authenticated;
create table public.orgs (id uuid primary key default gen_random_uuid(), name text not null);
create table public.members (
    org_id uuid not null references public.orgs (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    primary key (org_id, user_id)
);
create table public.invoices (
    id uuid primary key default gen_random_uuid(),
    org_id uuid not null references public.orgs (id) on delete cascade,
    total int not null default 0,
    settled boolean not null default false
);
create table public.orders (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    amount numeric(10, 2) not null default 0,
    pieces int,
    status text not null default 'open' check (status in ('open', 'paid', 'void')),
    paid_at timestamptz,
    country text not null default 'DE'
);
create table public.scores (user_id uuid primary key references auth.users (id) on delete cascade, score int not null default 0);
create function private.is_member(org uuid) returns boolean language sql stable security definer set search_path = ''
return exists (select from public.members as m where m.org_id = org and m.user_id = (select auth.uid()));
alter table public.orgs enable row level security;
alter table public.members enable row level security;
alter table public.invoices enable row level security;
alter table public.orders enable row level security;
alter table public.scores enable row level security;
create policy r on public.orgs for select to authenticated using (private.is_member(id));
create policy r on public.members for select to authenticated using (private.is_member(org_id));
create policy r on public.invoices for select to authenticated using (private.is_member(org_id));
create policy r on public.orders for select to authenticated using (user_id = (select auth.uid()));
create policy r on public.scores for select to authenticated using (user_id = (select auth.uid()));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
"""
STRANGERS, NEWCOMERS = "Authenticated strangers", "Authenticated users who own nothing"


def view(query: str) -> str:
    return (
        f"create or replace view public.answer as {query};"
        "revoke all on public.answer from anon, authenticated;"
        "grant select on public.answer to authenticated;"
    )


def function(returns: str, query: str, arguments: str = "") -> str:
    return (
        f"create or replace function public.answer({arguments}) returns {returns} language sql"
        f" stable security definer set search_path = '' as $$ {query} $$;"
        "revoke execute on function public.answer from public, anon;"
        "grant execute on function public.answer to authenticated;"
    )


MINE = "user_id = (select auth.uid()) and"
ANSWERS = {
    "a sum of what is paid": (view(f"select sum(amount) as n from public.orders where {MINE} status = 'paid'"), STRANGERS),
    "a count in two states at once": (view(f"select count(*) as n from public.orders where {MINE} status = 'paid' and paid_at < now()"), STRANGERS),
    "a sum of what may be missing": (view(f"select sum(pieces) as n from public.orders where {MINE} true"), STRANGERS),
    "the smallest amount": (view(f"select min(amount) as n from public.orders where {MINE} true"), STRANGERS),
    "the last time": (view(f"select max(paid_at) as n from public.orders where {MINE} true"), STRANGERS),
    "an average of some": (view(f"select avg(amount) filter (where status = 'paid') as n from public.orders where {MINE} true"), STRANGERS),
    "groups": (view(f"select country, count(*) filter (where status = 'void') as n from public.orders where {MINE} true group by country"), STRANGERS),
    "a total of a tenant": (view("select sum(total) as n from public.invoices where private.is_member(org_id) and settled"), STRANGERS),
    "whether there is any": (view(f"select exists (select from public.orders where {MINE} true) as n"), NEWCOMERS),
    "whether there is any in a state": (function("boolean", f"select exists (select from public.orders where {MINE} status = 'void')"), STRANGERS),
    "whether there is a great one": (function("boolean", f"select exists (select from public.orders where {MINE} amount > 1000)"), STRANGERS),
    "an object": (function("jsonb", f"select jsonb_build_object('n', count(*)) from public.orders where {MINE} status = 'paid' and paid_at < now()"), STRANGERS),
    "by an argument": (function("bigint", "select sum(total) from public.invoices where private.is_member(org_id) and org_id = org and settled", "org uuid"), STRANGERS),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_begins_to_rest_on_others_rows_is_a_leak(name: str, target: Target) -> None:
    right, who = ANSWERS[name]
    held = hold(target, SALES + right)
    found = held.after(right.replace(MINE, "").replace("private.is_member(org_id) and", ""))
    assert any(f.startswith(f"{who} can now learn about other people's rows") for f in found)


RANKS = ("rank() over (order by score)", "rank() over (order by score desc)", "percent_rank() over (order by score)")  # fmt: skip


@pytest.mark.parametrize("rank", RANKS)
def test_a_place_among_others_is_told(rank: str, target: Target) -> None:
    run(target, SALES + view(f"select n from (select user_id, {rank} as n from public.scores) as s where user_id = (select auth.uid())"))  # fmt: skip
    found = {f.persona for f in judge(observe(target)) if f.rule == "view-depends"}
    assert "stranger" in found


COUPON = "select exists (select from public.orders as o where o.country = c and o.status = 'open')"
PAID = "select count(*) from public.orders as o where o.status = 'paid' and o.paid_at < now()"


def test_a_condition_that_an_answer_loses_is_a_leak_in_the_states_that_it_kept_out(
    target: Target,
) -> None:
    held = hold(target, SALES + function("boolean", COUPON, "c text"))
    found = held.after(function("boolean", COUPON.replace("and o.status = 'open'", ""), "c text"))
    learn = "can now learn about other people's rows from the answer of public.answer(text)"
    assert f"{NEWCOMERS} {learn} where orders.status=paid." in found


def test_a_condition_that_an_answer_loses_is_a_leak_where_it_counted_in_two_states_at_once(
    target: Target,
) -> None:
    held = hold(target, SALES + function("bigint", PAID))
    found = held.after(function("bigint", PAID.replace("o.status = 'paid' and", "")))
    learn = "can now learn about other people's rows from the answer of public.answer()"
    assert f"{STRANGERS} {learn} where orders.paid_at=2020-01-01, orders.status=open." in found


def test_another_spelling_of_an_answer_is_no_difference(target: Target) -> None:
    held = hold(target, SALES + function("bigint", PAID))
    assert held.after(function("bigint", "select coalesce(sum(1) filter (where o.status not in ('open', 'void') and not o.paid_at >= now()), 0) from public.orders as o")) == set()  # fmt: skip


OWN = {
    "a view": view(f"select status, count(*) as n, sum(pieces) as p, max(paid_at) as l from public.orders where {MINE} paid_at is not null group by status"),
    "a function": function("numeric", "select avg(total) from public.invoices where settled and private.is_member(org_id)"),
    "a place in one's own list": view("select rank() over (order by amount) as n from public.orders where user_id = (select auth.uid())"),
    "what all may read": "create policy a on public.orders for select to authenticated using (status = 'paid');" + view("select sum(amount) as n from public.orders where status = 'paid'"),
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_answers_about_ones_own_rows_are_left_alone(name: str, target: Target) -> None:
    run(target, SALES + OWN[name])
    assert [f.sentence for f in judge(observe(target)) if f.rule.endswith("-depends")] == []


def test_an_older_contract_is_told_in_one_warning(target: Target) -> None:
    held = hold(target, SALES + function("bigint", PAID))
    facts = held.contract.facts
    allowed = {e: columns for e, columns in facts.allowed.items() if "decide" not in e[2]}
    states = {label: told for label, told in facts.states.items() if "answer" not in label}
    older = replace(facts, allowed=allowed, states=states, covers=frozenset())
    held = Held(target, render(older, accepted={}))
    say = (
        "The contract does not say yet when other people's rows decide what public.answer() answers"
    )
    assert held.errors() == set()
    assert f"{say}: let `access write` add it." in held.warnings()
    found = held.after(function("bigint", "select count(*) from public.orders"))
    learn = "can now learn about other people's rows from the answer of public.answer()."
    assert f"{STRANGERS} {learn}" in found
