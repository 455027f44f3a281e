"""Users whom a row names by what their token says: a claim under the row's key, their address."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.baselines import is_by_token
from prospectr_db.access.matrix.facts import BY_CLAIM, COVERS
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

CLAIMED = "(select auth.jwt() -> 'app_metadata') ->> claim = claim_value"
FLAGS = f"""
create table public.flags (key text primary key, enabled boolean not null default false,
    claim text, claim_value text);
alter table public.flags enable row level security;
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on public.flags to authenticated;
create policy claimed on public.flags for select to authenticated
    using (enabled and (claim is null or {CLAIMED}));
"""
OTHER = "on any row where enabled=true, claim=other"
WIDER = {
    "(auth.jwt() -> 'app_metadata') ? claim": "Users with app_metadata.[flags.claim]=anything else",
    "(auth.jwt() -> 'app_metadata') ?| array[claim]": (
        "Users with app_metadata.[flags.claim]=anything else"
    ),
    "claim is not null": "Authenticated users who own nothing",
}


@pytest.mark.parametrize("condition", WIDER)
def test_a_claim_under_the_key_of_a_row_needs_the_value_of_the_row(
    target: Target, condition: str
) -> None:
    held = hold(target, FLAGS)
    asked = f"enabled and (claim is null or {condition})"
    told = held.after(f"alter policy claimed on public.flags using ({asked})")
    assert f"{WIDER[condition]} can now read flags {OTHER}." in told
    assert not [one for one in told if "no longer" in one]


def test_a_flag_that_is_off_is_shown_to_nobody(target: Target) -> None:
    held = hold(target, FLAGS)
    told = held.after(f"alter policy claimed on public.flags using (claim is null or {CLAIMED})")
    assert "Authenticated users who own nothing can now read flags on any row." in told


def test_a_policy_that_is_split_is_none_that_nobody_has_come_through(target: Target) -> None:
    held = hold(target, FLAGS)
    assert not held.after(
        "drop policy claimed on public.flags;"
        "create policy plain on public.flags for select to authenticated using (claim is null);"
        "create policy claimed on public.flags for select to authenticated"
        " using (claim_value = auth.jwt() -> 'app_metadata' ->> claim);"
        "create policy enabled on public.flags as restrictive for select to authenticated"
        " using (enabled is true)"
    )


HELPER = """
create or replace function private.shared_with_me(note uuid, edit boolean) returns boolean
    language sql stable security definer set search_path = '' as $$
    select exists (select from public.shares as s where s.note_id = note {asked}) $$;
"""
MINE, EDITING = "and s.email = lower(auth.jwt() ->> 'email')", "and (s.can_edit or not edit)"
SHARES = f"""
create schema private;
grant usage on schema private to authenticated;
create table public.notes (id uuid primary key default gen_random_uuid(),
    author_id uuid not null references auth.users (id) on delete cascade, body text not null);
create index on public.notes (author_id);
create table public.shares (
    note_id uuid not null references public.notes (id) on delete cascade,
    email text not null check (email = lower(email)), can_edit boolean not null default false,
    primary key (note_id, email));
create index on public.shares (email);
{HELPER.format(asked=f"{MINE} {EDITING}")}
alter table public.notes enable row level security;
alter table public.shares enable row level security;
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on public.notes, public.shares to authenticated;
grant update (body) on public.notes to authenticated;
create policy seen on public.notes for select to authenticated
    using (author_id = (select auth.uid()) or private.shared_with_me(id, false));
create policy edited on public.notes for update to authenticated
    using (author_id = (select auth.uid()) or private.shared_with_me(id, true));
create policy mine on public.shares for select to authenticated
    using (email = lower(auth.jwt() ->> 'email'));
"""
NAMED = "sers who are named by email to the owner in shares"


def test_a_share_by_address_lets_in_as_far_as_it_says(target: Target) -> None:
    held = hold(target, SHARES)
    assert held.after(HELPER.format(asked=MINE)) == {
        f"U{NAMED} can now update notes.body on other people's rows."
    }


def test_who_is_named_by_his_address_loses_what_the_share_gave_him(target: Target) -> None:
    held = hold(target, SHARES)
    lost = held.after(HELPER.format(asked=f"{MINE} {EDITING} and not edit"))
    assert lost == {
        f"U{NAMED}, can_edit=true can no longer update notes.body on other people's rows."
    }


def test_a_share_that_asks_for_no_address_opens_the_row_to_everybody(target: Target) -> None:
    held = hold(target, SHARES)
    told = held.after(HELPER.format(asked=EDITING))
    assert (
        "Authenticated strangers can now read notes (every column) on other people's rows." in told
    )


def test_another_spelling_of_a_share_is_the_same(target: Target) -> None:
    held = hold(target, SHARES)
    spelt = f"and lower((select auth.email())) = s.email {EDITING}"
    assert not held.after(HELPER.format(asked=spelt))


def test_a_contract_that_knows_no_such_users_is_told_once(target: Target) -> None:
    facts = parse_contract(hold(target, SHARES).text).facts
    allowed = {entry: names for entry, names in facts.allowed.items() if not is_by_token(entry[1])}
    assert allowed != facts.allowed
    older = replace(facts, allowed=allowed, covers=frozenset(COVERS) - {BY_CLAIM})
    held = Held(target, render(older, accepted={}))
    assert not held.errors()
    assert (
        "The contract does not say yet what users reach in notes whom a row names by their token:"
        " let `access write` add it."
    ) in held.warnings()
