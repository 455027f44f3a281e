# ruff: noqa: E501 - schemas read better in long lines
"""What views with their owner's rights show of rows without an owner: in which states, and to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

VIEWS = """
create table public.announcements (
    id uuid primary key default gen_random_uuid(), title text not null,
    published boolean not null default false,
    audience text not null default 'all' check (audience in ('all', 'staff')));
create table public.suggestions (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references auth.users (id) on delete set null, message text not null);
alter table public.announcements enable row level security;
alter table public.suggestions enable row level security;
create view public.news as select id, title from public.announcements where published and audience = 'all';
create view public.my_suggestions as select id, message from public.suggestions where user_id = (select auth.uid());
revoke all on public.announcements, public.suggestions, public.news, public.my_suggestions from anon, authenticated;
grant select on public.my_suggestions, public.news to authenticated;
"""
NEWS = "create or replace view public.news as select id, title from public.announcements where"
MINE = "create or replace view public.my_suggestions as select id, message from public.suggestions where"
READS = "Owners can now read"

CHANGES = {
    "drafts": (f"{NEWS} audience = 'all';", f"{READS} news on any row where announcements.published=false."),
    "another state beside": (f"{NEWS} published;", f"{READS} news on any row where announcements.published=true, announcements.audience=staff."),
    "rows that lost their user": (f"{MINE} user_id = (select auth.uid()) or (user_id is null and auth.uid() is not null);", f"{READS} my_suggestions on rows without an owner."),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_row_without_an_owner_that_a_view_begins_to_show_is_a_leak(
    name: str, target: Target
) -> None:
    change, expected = CHANGES[name]
    assert expected in hold(target, VIEWS).after(change)


def test_another_spelling_of_such_a_view_is_the_same(target: Target) -> None:
    held = hold(target, VIEWS)
    assert held.after(f"{NEWS} not (audience <> 'all') and published is true;") == set()


def test_an_older_contract_is_told_in_one_warning_what_views_show_of_them(target: Target) -> None:
    held = hold(target, VIEWS)
    facts = held.contract.facts
    allowed = {entry: columns for entry, columns in facts.allowed.items() if entry[0] != "news"}
    assert allowed != facts.allowed
    changed = replace(facts, allowed=allowed, shut=frozenset(), covers=frozenset())
    older = Held(target, render(changed, accepted={}))
    assert older.errors() == set()
    assert any("what news shows of rows without" in line for line in older.warnings())
