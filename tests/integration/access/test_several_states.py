"""Rows that two or three conditions of one policy hide at once are found, whoever else comes in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold, run

POSTS = """
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid not null references auth.users (id) on delete cascade,
    title text not null,
    status text not null default 'draft' check (status in ('draft', 'live')),
    published_at timestamptz,
    deleted_at timestamptz
);
alter table public.posts enable row level security;
create policy own on public.posts for select to authenticated
using (author_id = (select auth.uid()));
create policy live on public.posts for select to anon, authenticated
using (status = 'live' and published_at <= now() and deleted_at is null);
revoke all on public.posts from anon, authenticated;
grant select on public.posts to anon, authenticated;
"""
LIVE = "alter policy live on public.posts using ({})"
READ = "Visitors without a login can now read posts (every column) on other people's rows where"
BOTH = "status=live, published_at=2020-01-01"


def test_a_policy_that_needs_two_states_at_once_is_in_the_contract(target: Target) -> None:
    held = hold(target, POSTS)
    assert f'[tables.posts.anon."other [{BOTH}]"]\nselect = "*"' in held.text
    assert f'[tables.posts.anon."other [{BOTH}, deleted_at=2020-01-01]"]' in held.text


@pytest.mark.parametrize(
    ("condition", "where"),
    [
        ("published_at <= now() and deleted_at is null", "published_at=2020-01-01"),
        ("status = 'live' and deleted_at is null", "status=live"),
        ("status = 'live' and published_at <= now()", f"{BOTH}, deleted_at=2020-01-01"),
    ],
)
def test_each_of_its_conditions_is_held(condition: str, where: str, target: Target) -> None:
    found = hold(target, POSTS).after(LIVE.format(condition))
    assert f"{READ} {where}." in found
    assert not any("no longer" in sentence for sentence in found)


def test_a_further_condition_is_a_loss(target: Target) -> None:
    held = hold(target, POSTS)
    found = held.after(
        LIVE.format("status = 'live' and published_at <= now() and deleted_at > now()")
    )
    assert f"{READ.replace('now', 'no longer')} {BOTH}." in {
        s.split(":")[0] + "." if ":" in s else s for s in found
    }


def test_another_spelling_is_no_difference(target: Target) -> None:
    other = "not (status <> 'live' or deleted_at is not null) and now() >= published_at"
    held = hold(target, POSTS)
    assert held.after(LIVE.format(other)) == set()
    run(target, "drop policy own on public.posts; alter policy live on public.posts to anon;")
    users = "create policy users on public.posts for select to authenticated using ({})"
    merged = users.format(f"author_id = auth.uid() or ({other})")
    assert held.after(merged) == set()


def test_an_older_contract_is_told_of_it_in_one_warning(target: Target) -> None:
    facts = hold(target, POSTS).contract.facts
    allowed = {e: c for e, c in facts.allowed.items() if ", published_at" not in e[2]}
    shut = frozenset(e for e in facts.shut if ", published_at" not in e[2])
    idle = {**facts.idle, "posts": ("anon: select",)}
    known = replace(facts, allowed=allowed, shut=shut, idle=idle, covers=frozenset())
    older = Held(target, render(known, accepted={}))
    assert older.errors() == set()
    say = "The contract does not say yet in which states at once rows of posts are read"
    assert f"{say}: let `access write` add it." in older.warnings()
    assert f"{READ} status=live." in older.after(LIVE.format("status = 'live'"))
