# ruff: noqa: S608 - nothing of these schemas is input
"""What a list's own state decides about what is on it, asked in a policy or in a function."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.matrix.matrix import AccessMatrix
from prospectr_db.access.observation import look
from prospectr_db.access.observe import observe
from prospectr_db.access.ownership.ownership import find_ownership
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_admin
from tests.integration.access.held import run
from tests.integration.access.holding import Held

LISTS = """
create schema private;
grant usage on schema private to authenticated;
create table public.lists (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references auth.users (id) on delete cascade,
    title text not null,
    deleted_at timestamptz,
    hidden_at timestamptz
);
create table public.sharers (
    list_id uuid not null references public.lists (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    can_edit boolean not null default false,
    primary key (list_id, user_id)
);
create table public.todos (
    id bigint generated always as identity primary key,
    list_id uuid not null references public.lists (id) on delete cascade,
    task text not null
);
create function private.is_list_owner(list uuid) returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (
    select 1 from public.lists as l where l.id = list and l.owner_id = (select auth.uid())
) $$;
create function private.can_see(list uuid) returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (
    select 1 from public.lists as l
    where l.id = list and l.deleted_at is null and l.owner_id = (select auth.uid())
) $$;
create function private.can_edit(list uuid) returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (
    select 1 from public.sharers as s
    where s.list_id = list and s.user_id = (select auth.uid()) and s.can_edit
) $$;
alter table public.lists enable row level security;
alter table public.sharers enable row level security;
alter table public.todos enable row level security;
create policy "Owners read." on public.lists for select to authenticated
using (owner_id = (select auth.uid()));
create policy "Owners hide." on public.lists for update to authenticated
using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy "Sharers read." on public.lists for select to authenticated
using (private.can_edit(id));
create policy "Both read." on public.sharers for select to authenticated
using (user_id = (select auth.uid()) or private.is_list_owner(list_id));
create policy "Owners share." on public.sharers for update to authenticated
using (private.is_list_owner(list_id)) with check (private.is_list_owner(list_id));
create policy "Owners see." on public.todos for select to authenticated
using (private.can_see(list_id));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select, insert, update, delete on all tables in schema public to service_role;
grant select on all tables in schema public to authenticated;
grant update (title, deleted_at) on public.lists to authenticated;
grant update (can_edit) on public.sharers to authenticated;
"""
DELETED = "todos (every column) on their own rows where lists.deleted_at=2020-01-01"
HIDDEN = "todos (every column) on their own rows where lists.hidden_at=2020-01-01"


def errors(matrix: AccessMatrix) -> set[str]:
    return {finding.sentence for finding in judge(matrix) if finding.severity == "error"}


@pytest.fixture
def contract(target: Target) -> str:
    """Make the schema; return its contract, to which nobody objects."""
    run(target, LISTS)
    matrix = observe(target)
    assert errors(matrix) == set()
    assert not any(name.startswith("deleted_at=") for name in matrix.personas)
    return render(facts_of(matrix), accepted={})


def differences(target: Target, text: str) -> set[str]:
    stated = parse_contract(text)
    found = check(observe(target, given=stated.given), stated)
    return {finding.sentence for finding in found if finding.severity == "error"}


def test_a_lists_state_is_asked_for_in_either_spelling(target: Target, contract: str) -> None:
    run(
        target,
        'alter policy "Owners see." on public.todos using (list_id in (select l.id from'
        " public.lists as l where l.deleted_at is null and l.owner_id = (select auth.uid())));",
    )
    assert differences(target, contract) == set()
    run(
        target,
        'alter policy "Owners see." on public.todos using (private.is_list_owner(list_id));',
    )
    found = differences(target, contract)
    assert f"Owners can now read {DELETED}." in found
    assert {sentence.partition(" where ")[0] for sentence in found} == {
        "Owners can now read todos (every column) on their own rows"
    }


def test_a_state_that_nothing_asked_for_is_no_loss_of_what_was(
    target: Target, contract: str
) -> None:
    run(
        target,
        'alter policy "Owners see." on public.todos using (private.can_see(list_id) and list_id'
        " in (select l.id from public.lists as l where l.hidden_at is null));",
    )
    found = differences(target, contract)
    assert f"Owners cannot read {HIDDEN}, a state of which the contract says nothing." in found
    assert not any("no longer" in sentence for sentence in found)


def test_sharers_who_raise_themselves_are_told_and_owners_who_share_are_not(
    target: Target, contract: str
) -> None:
    assert "[tables.sharers.owner]" in contract
    run(
        target,
        'create policy "Sharers too." on public.sharers for update to authenticated'
        " using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));",
    )
    raised = "change their own sharers.can_edit, which decides what they may do"
    assert any(raised in sentence for sentence in errors(observe(target)))


def test_what_a_function_asks_about_the_caller_is_his_standing(target: Target) -> None:
    # No key says that there is one profile for each user, and the notes lie below profiles.
    run(
        target,
        """
        create schema private;
        create table public.profiles (
            id uuid primary key default gen_random_uuid(),
            user_id uuid not null references auth.users (id), role text not null default 'user',
            banned boolean not null default false
        );
        create table public.notes (
            id uuid primary key default gen_random_uuid(),
            profile_id uuid not null references public.profiles (id)
        );
        create function private.is_admin() returns boolean
        language sql stable security definer set search_path = ''
        as $$ select exists (select 1 from public.profiles as p
            where p.user_id = (select auth.uid()) and p.role = 'admin') $$;
        create function private.is_mine(profile uuid) returns boolean
        language sql stable security definer set search_path = ''
        as $$ select exists (select 1 from public.profiles as p
            where p.id = profile and p.user_id = (select auth.uid()) and not p.banned) $$;
        alter table public.notes enable row level security;
        create policy "Some read." on public.notes for select to authenticated
        using (private.is_admin() or private.is_mine(profile_id));
        """,
    )
    with connect_admin(target) as connection:
        _, standings = find_ownership(look(connection))
    assert [standing.column for standing in standings] == ["role"]


GROUPS = """
create table public.groups (id uuid primary key default gen_random_uuid(), name text not null);
create table public.group_members (
    group_id uuid references public.groups (id),
    user_id uuid references auth.users (id),
    primary key (group_id, user_id)
);
create table public.ledger_entries (
    id uuid primary key default gen_random_uuid(),
    group_id uuid references public.groups (id),
    payer_id uuid not null references auth.users (id), memo text
);
create table public.categories (
    id uuid primary key default gen_random_uuid(),
    group_id uuid references public.groups (id), name text not null
);
alter table public.groups enable row level security;
alter table public.group_members enable row level security;
alter table public.ledger_entries enable row level security;
alter table public.categories enable row level security;
create policy "own" on public.group_members for select to authenticated
using (user_id = auth.uid());
create policy "members" on public.groups for select to authenticated
using (id in (select m.group_id from public.group_members as m where m.user_id = auth.uid()));
create policy "members" on public.ledger_entries for select to authenticated
using (payer_id = auth.uid() or exists (
    select from public.group_members as m
    where m.group_id = ledger_entries.group_id and m.user_id = auth.uid()
));
create policy "members" on public.categories for select to authenticated
using (group_id is null or exists (
    select from public.group_members as m
    where m.group_id = categories.group_id and m.user_id = auth.uid()
));
create policy "add" on public.categories for insert to authenticated
with check (group_id is not null and exists (
    select from public.group_members as m
    where m.group_id = categories.group_id and m.user_id = auth.uid()
));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to authenticated, service_role;
grant insert on public.categories to authenticated;
"""
"""Entries and categories that may have no group."""
MINE = "select m.group_id from public.group_members as m where m.user_id = auth.uid()"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            (
                'alter policy "members" on public.ledger_entries'
                f" using (payer_id = auth.uid() or group_id is null or group_id in ({MINE}))"
            ),
            "can now read ledger_entries (every column) on other people's rows where group_id=null",
        ),
        (
            f'alter policy "members" on public.categories using (group_id in ({MINE}))',
            "can no longer read categories (every column) on rows without an owner.",
        ),
        (
            (
                'alter policy "add" on public.categories'
                f" with check (group_id is null or group_id in ({MINE}))"
            ),
            "can now insert into categories rows without an owner.",
        ),
    ],
)
def test_rows_whose_parent_is_missing_are_tried(
    change: str, said: str, held: Callable[[str], Held]
) -> None:
    found = held(GROUPS)(change)
    assert any(said in sentence for sentence in found), found


def test_other_words_for_a_parent_that_may_be_missing_change_nothing(
    held: Callable[[str], Held],
) -> None:
    found = held(GROUPS)(
        'alter policy "members" on public.ledger_entries using (payer_id = auth.uid()'
        f" or (group_id is not null and group_id in ({MINE})));"
        'alter policy "add" on public.categories'
        f" with check (group_id in ({MINE}));"
        'drop policy "members" on public.categories;'
        'create policy "shared" on public.categories for select to authenticated'
        " using (group_id is not distinct from null);"
        'create policy "theirs" on public.categories for select to authenticated'
        f" using (group_id in ({MINE}));"
    )
    assert found == set()
