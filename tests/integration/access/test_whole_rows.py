"""Helpers of policies that take a whole row: what they ask of it is told like what policies ask."""

from __future__ import annotations

import pytest

from prospectr_db.database import Target
from tests.integration.access.held import red, run, written

POSTS = """
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    body text not null,
    status text not null default 'draft' check (status in ('draft', 'live', 'gone')),
    published_at timestamptz
);
create function public.is_live(p public.posts) returns boolean language sql stable
set search_path = '' as $$ select p.status = 'live' and p.published_at <= now() $$;
alter table public.posts enable row level security;
revoke all on public.posts from anon, authenticated, service_role;
grant select on public.posts to authenticated;
create policy "own" on public.posts for select to authenticated
using (user_id = (select auth.uid()));
create policy "live" on public.posts for select to authenticated using (public.is_live(posts));
"""
LIVE = (
    "create or replace function public.is_live(p public.posts) returns boolean language {} stable"
    " set search_path = '' as $$ {} $$;"
)


def test_what_a_helper_asks_of_a_whole_row_is_told(target: Target) -> None:
    run(target, POSTS)
    contract = written(target)
    assert contract.facts.states["posts"].keys() == {"status", "published_at"}
    run(target, LIVE.format("sql", "select p.status = 'live'"))
    assert any("status=live" in sentence for sentence in red(target, contract))


@pytest.mark.parametrize(
    "change",
    [
        LIVE.format("sql", "select now() >= $1.published_at and $1.status in ('live')"),
        LIVE.format("plpgsql", "begin return p.published_at <= now() and p.status = 'live'; end"),
        "alter policy \"live\" on public.posts using (status = 'live' and published_at <= now());",
    ],
    ids=["parameters by number", "PL/pgSQL", "in the policy"],
)
def test_another_spelling_of_it_keeps_the_contract(target: Target, change: str) -> None:
    run(target, POSTS)
    contract = written(target)
    run(target, change)
    assert red(target, contract) == {}
