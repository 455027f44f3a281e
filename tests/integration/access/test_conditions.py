"""Users of whose own row a policy asks two things at once: paid, and not over yet."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.contract.text import render
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

PREMIUM = """
create schema private;
grant usage on schema private to authenticated;
create table public.subscriptions (
    id text primary key,
    user_id uuid not null references auth.users (id) on delete cascade,
    current_period_end timestamptz not null default now(),
    status text not null check (status in ('trialing', 'active', 'past_due', 'canceled'))
);
create table public.premium_content (
    id uuid primary key default gen_random_uuid(),
    body text not null
);
create function private.is_subscribed() returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (
    select 1 from public.subscriptions as s
    where s.user_id = (select auth.uid())
        and s.status in ('active', 'trialing') and now() < s.current_period_end
) $$;
alter table public.subscriptions enable row level security;
alter table public.premium_content enable row level security;
create policy mine on public.subscriptions for select to authenticated
using (user_id = (select auth.uid()));
create policy paid on public.premium_content for select to authenticated using (exists (
    select 1 from public.subscriptions as s where s.user_id = (select auth.uid())
        and s.status in ('trialing', 'active') and s.current_period_end > now()
));
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
"""
PAID = "alter policy paid on public.premium_content using ({});"
ASKED = (
    "exists (select 1 from public.subscriptions as s where s.user_id = (select auth.uid()) and {})"
)
ACTIVE, RUNS = "s.status in ('trialing', 'active')", "s.current_period_end > now()"
READ = "Users with {} can now read premium_content"


def test_each_of_two_conditions_on_ones_own_row_is_held(target: Target) -> None:
    held = hold(target, PREMIUM)
    both = '."current_period_end=2090-01-01 and status=active"]\nselect = true'
    assert f"[tables.premium_content{both}" in held.text
    assert 'standing = ["current_period_end", "status", "current_period_end and status"]' in (
        held.text
    )
    assert held.after(PAID.format("(select private.is_subscribed())")) == set()
    found = held.after(PAID.format(ASKED.format(ACTIVE)))
    assert f"{READ.format('status=active')} (every column) on any row." in found
    # Whose period is over is among them, and not told again.
    found = held.after(PAID.format(ASKED.format(RUNS)))
    runs = "current_period_end=2090-01-01 and status=past_due"
    assert f"{READ.format(runs)} on any row." in found
    assert not any("no longer" in sentence and "Users with" in sentence for sentence in found)
    unpaid = ASKED.format(f"{ACTIVE.replace(')', ', ' + repr('past_due') + ')')} and {RUNS}")
    late = "current_period_end=2090-01-01 and status=past_due"
    assert held.after(PAID.format(unpaid)) == {f"{READ.format(late)} on any row."}


def test_an_older_contract_is_told_of_them_in_one_warning(target: Target) -> None:
    facts = hold(target, PREMIUM).contract.facts
    allowed = {e: c for e, c in facts.allowed.items() if " and " not in e[1]}
    idle = {**facts.idle, "premium_content": ("authenticated: select",)}
    known = replace(
        facts,
        allowed=allowed,
        idle=idle,
        standing={"subscriptions": ("status", "current_period_end")},
        covers=frozenset(),
    )
    older = Held(target, render(known, accepted={}))
    assert older.errors() == set()
    say = "The contract does not say yet what users reach in premium_content who meet two"
    assert f"{say} conditions at once: let `access write` add it." in older.warnings()
