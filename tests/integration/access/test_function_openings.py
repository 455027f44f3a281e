# ruff: noqa: E501 - schemas read better in long lines
"""Functions that show others' rows only in some states are held to the contract in them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold, run

POSTS = """
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid not null references auth.users (id) on delete cascade,
    title text not null,
    status text not null default 'draft' check (status in ('draft', 'live')),
    published_at timestamptz,
    hidden boolean not null default false
);
alter table public.posts enable row level security;
create policy own on public.posts for select to authenticated using (author_id = (select auth.uid()));
revoke all on public.posts from anon, authenticated;
grant select on public.posts to authenticated;
"""
LATEST = """
create or replace function public.latest() returns setof public.posts language sql stable security definer set search_path = ''
as $$ select p.* from public.posts as p where {} $$;
grant execute on function public.latest() to anon, authenticated;
"""
LIVE = "p.status = 'live' and not p.hidden"
OUT = "p.status = 'live' and p.published_at <= now()"
WHOSE = "other people's rows"
GET = "Visitors without a login can now get other people's rows by calling public.latest()"


def test_what_a_function_shows_in_a_state_is_a_note(target: Target) -> None:
    run(target, POSTS + LATEST.format(LIVE))
    found = {f.severity for f in judge(observe(target)) if f.relation == "public.latest()"}
    assert found == {"note"}


@pytest.mark.parametrize(
    ("condition", "lost", "where"),
    [
        (LIVE, "p.status = 'live' and", "."),
        (LIVE, "and not p.hidden", " where posts.status=live, posts.hidden=true."),
        (OUT, "and p.published_at <= now()", " where posts.status=live."),
        (OUT, "p.status = 'live' and", " where posts.published_at=2020-01-01."),
    ],
)
def test_a_condition_that_keeps_a_function_shut_is_held(
    condition: str, lost: str, where: str, target: Target
) -> None:
    held = hold(target, POSTS + LATEST.format(condition))
    every = "author_id, hidden, id, status and title of other people's rows"
    whole = {f"{GET}{where}", f"{GET.replace(WHOSE, every)}{where}"}
    assert whole & held.after(LATEST.format(condition.replace(lost, "")))


def test_a_condition_that_a_function_gets_is_a_loss(target: Target) -> None:
    held = hold(target, POSTS + LATEST.format(LIVE))
    found = held.after(LATEST.format(f"{LIVE} and p.published_at is not null"))
    lost = GET.replace("now", "no longer")
    assert f"{lost} where posts.status=live." in found
    assert not any("can now" in sentence for sentence in found)


def test_another_spelling_of_it_is_no_difference(target: Target) -> None:
    held = hold(target, POSTS + LATEST.format(OUT))
    assert held.after(LATEST.format("p.status <> 'draft' and not coalesce(p.published_at > now(), true)")) == set()  # fmt: skip


def test_an_older_contract_is_told_of_it_in_one_warning(target: Target) -> None:
    held = hold(target, POSTS + LATEST.format(LIVE))
    facts = held.contract.facts
    allowed = {e: c for e, c in facts.allowed.items() if e[2].partition(" [")[1] == ""}
    states = {label: told for label, told in facts.states.items() if "latest" not in label}
    old = replace(facts, allowed=allowed, shut=frozenset(), states=states, covers=frozenset())
    older = Held(target, render(old, accepted={}))
    assert older.errors() == set()
    say = "The contract does not say yet in which states of rows public.latest() reaches them"
    assert f"{say}: let `access write` add it." in older.warnings()


SHARED = """
create table public.sheets (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references auth.users (id) on delete cascade,
    body text,
    is_public boolean not null default false,
    permission text not null default 'view' check (permission in ('view', 'comment', 'edit')),
    archived boolean not null default false,
    pinned boolean not null default false
);
alter table public.sheets enable row level security;
create policy own on public.sheets for select to authenticated using (owner_id = (select auth.uid()));
revoke all on public.sheets from anon, authenticated;
grant select on public.sheets to authenticated;
"""
ONE_QUERY = """
create or replace function public.edit(p_id uuid, p_body text) returns void language plpgsql security definer set search_path = '' as $$
begin
    if not exists (select from public.sheets as s where s.id = p_id and (s.owner_id = auth.uid() {})) then raise exception 'no'; end if;
    update public.sheets set body = p_body, pinned = not archived where id = p_id;
end $$;
"""
VARIABLES = """
create or replace function public.edit(p_id uuid, p_body text) returns void language plpgsql security definer set search_path = '' as $$
declare
    s public.sheets;
begin
    select * into s from public.sheets as x where x.id = p_id;
    if s.owner_id is distinct from auth.uid() then
        if true {} then null; else raise exception 'no'; end if;
    end if;
    update public.sheets set body = p_body, pinned = not archived where id = p_id;
end $$;
"""
BOTH = "s.is_public and s.permission = 'edit'"
EDITS = (
    "Visitors without a login can now change other people's rows by calling public.edit(uuid, text)"
)


@pytest.mark.parametrize(("function", "word"), [(ONE_QUERY, "or"), (VARIABLES, "and")])
def test_what_opens_a_function_only_together_is_tried_together(
    function: str, word: str, target: Target
) -> None:
    closed = function.format("" if word == "or" else "and false")
    held = hold(target, SHARED + closed)
    found = held.after(function.format(f"{word} ({BOTH})"))
    assert f"{EDITS} where sheets.is_public=true, sheets.permission=edit." in found


def test_one_of_two_conditions_that_is_lost_is_a_leak(target: Target) -> None:
    function = ONE_QUERY.replace("public.edit", "public.sheet")
    function = function.replace("p_id uuid, p_body text", "p_id uuid").replace(
        "void", "setof public.sheets"
    )
    shown = "return query select s.* from public.sheets as s where s.id = p_id;"
    function = function.replace(
        "update public.sheets set body = p_body, pinned = not archived where id = p_id;", shown
    )
    held = hold(target, SHARED + function.format(f"or ({BOTH})"))
    respelled = "or case when s.permission in ('edit') then s.is_public else false end"
    assert held.after(function.format(respelled)) == set()
    found = held.after(function.format("or s.permission = 'edit'"))
    told = "by calling public.sheet(uuid) where sheets.permission=edit."
    assert any(sentence.endswith(told) for sentence in found)
