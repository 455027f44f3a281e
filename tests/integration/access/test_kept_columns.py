"""Columns of their own rows that owners set although others seem to keep them: noted, never red."""

from __future__ import annotations

from prospectr_db.access.check import check
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import run, written

PROFILES = """
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    full_name text,
    plan text not null default 'free',
    stripe_customer_id text,
    points integer not null default 0
);
create table public.accounts (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    balance numeric not null default 0
);
create function public.spend(cost integer) returns void
language plpgsql security definer set search_path = ''
as $$ begin
    -- update public.profiles set plan = plan + 1;
    update public.profiles as p set points = greatest(p.points - cost, 0)
    where p.id = (select auth.uid());
end $$;
revoke execute on function public.spend(integer) from public, anon, authenticated;
alter table public.profiles enable row level security;
alter table public.accounts enable row level security;
create policy "own" on public.profiles for all to authenticated
using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy "own" on public.accounts for all to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
revoke all on public.profiles, public.accounts from anon, authenticated, service_role;
grant select, update (full_name, plan, stripe_customer_id, points) on public.profiles
to authenticated;
grant select, insert, update (balance) on public.accounts to authenticated;
"""
CLOSED = """
revoke update (plan, stripe_customer_id, points) on public.profiles from authenticated;
"""
AT_FIRST = """
grant insert (id, full_name, plan) on public.profiles to authenticated;
"""


def noted(target: Target) -> list[str]:
    return [f.sentence for f in judge(observe(target)) if f.rule == "kept"]


def test_what_owners_set_and_others_keep_is_a_note(target: Target) -> None:
    run(target, PROFILES)
    assert noted(target) == [
        (
            "Owners can set profiles.plan and profiles.stripe_customer_id on their own rows, "
            "which by their names only a server should."
        ),
        (
            "Owners can set profiles.points on their own rows, "
            "which public.spend(integer) counts with its owner's rights."
        ),
    ]
    assert not [f for f in check(observe(target), None) if f.severity == "error"]
    contract = written(target)
    found = check(observe(target, given=contract.given), contract)
    assert {f.severity for f in found if f.rule == "kept"} == {"note"}


def test_columns_that_are_not_granted_are_nothing_to_note(target: Target) -> None:
    run(target, PROFILES + CLOSED)
    assert noted(target) == []
    run(target, AT_FIRST)
    assert noted(target) == [
        (
            "Owners can choose, as they add it, profiles.plan on their own rows, "
            "which by its name only a server should."
        )
    ]
