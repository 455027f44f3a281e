"""Rows between two users, and rows that are handed over by several columns at once."""

from __future__ import annotations

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator
from tests.integration.access import crossed
from tests.integration.access.held import hold

MINE, THEIRS = "own under other's post_id", "other's under own post_id"


def crossings(target: Target, sql: str) -> set[tuple[str, str]]:
    """Return what the contract of a schema says of such comments: row class and command."""
    with connect_as_migrator(target) as connection:
        connection.execute(sql)  # type: ignore[call-overload]
    matrix = observe(target)
    found = {f.rule for f in judge(matrix) if f.severity == "error"}
    assert found <= {"other-rows"}, found
    return {
        (rows, command)
        for relation, persona, rows, command in facts_of(matrix).allowed
        if relation == "comments" and rows in (MINE, THEIRS) and persona == "owner"
    }


def test_who_may_do_what_between_an_author_and_a_commentator_is_in_the_contract(
    target: Target,
) -> None:
    assert crossings(target, crossed.COMMENTS) == {
        (MINE, "select"),
        (MINE, "update"),
        (MINE, "delete"),
        (THEIRS, "select"),
        (THEIRS, "delete"),
    }


def test_it_changes_when_only_the_parent_counts(target: Target) -> None:
    assert crossings(target, crossed.COMMENTS_OF_AUTHORS) == {
        (MINE, "select"),
        (THEIRS, "select"),
        (THEIRS, "update"),
        (THEIRS, "delete"),
    }


def test_there_is_nothing_to_say_where_a_key_forbids_such_rows(target: Target) -> None:
    assert crossings(target, crossed.COMMENTS_OF_ONE) == set()


def test_what_everybody_may_is_not_said_again(target: Target) -> None:
    public = "create policy everybody on public.comments for select to authenticated using (true);"
    assert (THEIRS, "select") not in crossings(target, crossed.COMMENTS + public)


@pytest.mark.parametrize(
    ("fault", "relation", "columns"),
    [
        ("EQUAL_OWNERS", "notes", ("user_id", "created_by")),
        ("UNCHECKED_OWNERS", "notes", ("user_id", "created_by")),
        ("UNCHECKED_TICKETS", "tickets", ("tenant_id", "user_id")),
    ],
)
def test_a_row_that_can_be_given_away_by_several_columns_at_once_is_told_and_stated(
    fault: str, relation: str, columns: tuple[str, ...], target: Target
) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(getattr(crossed, fault))  # type: ignore[call-overload]
    matrix = observe(target)
    found = [f for f in judge(matrix) if (f.rule, f.relation) == ("transfer", relation)]
    assert [(f.severity, f.persona, f.columns) for f in found] == [("error", "owner", columns)]
    assert " + ".join(columns) in facts_of(matrix).allowed[relation, "owner", "own", "update"]


def test_a_row_that_can_be_taken_by_several_columns_at_once_is_told_and_stated(
    target: Target,
) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(crossed.TAKEN)  # type: ignore[call-overload]
    matrix = observe(target)
    found = {(f.rule, f.persona, f.command) for f in judge(matrix) if f.severity == "error"}
    assert ("other-rows", "stranger", "update") in found
    allowed = facts_of(matrix).allowed["notes", "stranger", "other", "update"]
    assert allowed == ("user_id + created_by",)


@pytest.mark.parametrize("right", ["TWO_OWNERS", "EITHER_OWNER", "TICKETS"])
def test_an_owner_who_cannot_give_all_of_it_away_is_left_alone(right: str, target: Target) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(getattr(crossed, right))  # type: ignore[call-overload]
    matrix = observe(target)
    assert [f.sentence for f in judge(matrix) if f.severity == "error"] == []
    assert not [c for columns in facts_of(matrix).allowed.values() for c in columns if "+" in c]


def test_a_contract_that_lets_owners_change_either_column_does_not_let_them_change_both(
    target: Target,
) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(crossed.EITHER_OWNER)  # type: ignore[call-overload]
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    with connect_as_migrator(target) as connection:
        connection.execute("alter policy own on public.notes with check (true)")
    found = [f for f in check(observe(target), contract) if f.command == "update"]
    assert ("leak", "owner", "own", ("user_id + created_by",)) in {
        (f.kind, f.persona, f.rows, f.columns) for f in found
    }
    again = parse_contract(render(facts_of(observe(target)), accepted={}))
    assert [f for f in check(observe(target), again) if f.severity == "error"] == []


def test_rows_between_two_profiles_are_built_with_both(target: Target) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(crossed.FOLLOWS)  # type: ignore[call-overload]
    matrix = observe(target)
    assert [f.sentence for f in judge(matrix) if f.relation == "follows"] == []
    allowed = facts_of(matrix).allowed
    assert ("follows", "owner", "own", "delete") in allowed
    assert ("follows", "owner", "as followed_id", "delete") in allowed


def test_a_row_can_be_seen_to_be_given_away_where_owners_need_a_profile(target: Target) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(crossed.GIVEN_TO_PROFILES)  # type: ignore[call-overload]
    found = {(f.rule, f.relation) for f in judge(observe(target)) if f.persona == "owner"}
    assert ("transfer", "posts") in found


BOOKINGS = """
create table public.services (
    id uuid primary key default gen_random_uuid(),
    provider_id uuid not null references auth.users (id) on delete cascade, name text not null);
create table public.bookings (
    id uuid primary key default gen_random_uuid(),
    service_id uuid not null references public.services (id) on delete cascade,
    customer_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    status text not null default 'asked' check (status in ('asked', 'agreed', 'off', 'done')));
alter table public.services enable row level security;
alter table public.bookings enable row level security;
create function public.serves(service uuid) returns boolean language sql stable security definer
set search_path = '' as $$ select exists (select from public.services as s
    where s.id = service and s.provider_id = (select auth.uid())) $$;
create policy shop on public.services for select to authenticated using (provider_id = auth.uid());
create policy see on public.bookings for select to authenticated
    using (customer_id = (select auth.uid()) or public.serves(service_id));
create policy asks on public.bookings for update to authenticated
    using (customer_id = (select auth.uid()) and status in ('asked', 'agreed'))
    with check (customer_id = (select auth.uid()) and status in ('asked', 'off'));
create policy serves on public.bookings for update to authenticated
    using (public.serves(service_id)) with check (public.serves(service_id));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on public.services to authenticated;
grant select, update (status) on public.bookings to authenticated;
"""
REOPENING = """
alter policy asks on public.bookings using (customer_id = (select auth.uid())
    and status in ('asked', 'agreed', 'done'));
"""
CONFIRMING = """
alter policy asks on public.bookings with check (customer_id = (select auth.uid()));
"""
INLINE = """
alter policy serves on public.bookings
    using (service_id in (select s.id from public.services as s where s.provider_id = auth.uid()))
    with check (exists (select from public.services as s
        where s.id = service_id and s.provider_id = auth.uid()));
"""


def test_a_row_between_two_users_is_tried_in_its_states(target: Target) -> None:
    held = hold(target, BOOKINGS)
    assert held.after(INLINE) == set()
    theirs = "on their own rows under somebody else's service_id where status="
    told = {s.partition(theirs)[2] for s in held.after(REOPENING)}
    assert told == {"done."}
    back = "using (customer_id = (select auth.uid()) and status in ('asked', 'agreed'))"
    assert held.after(f"alter policy asks on public.bookings {back}") == set()
    theirs = "on their own rows under somebody else's service_id."
    told = f"Owners can now update bookings.status=any value {theirs}"
    assert held.after(CONFIRMING) == {told}
