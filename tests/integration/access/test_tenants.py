"""Members of several organisations, and those who left: nobody has more than he has here."""

from __future__ import annotations

import pytest

from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.matrix.matrix import AccessMatrix
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator
from tests.integration.access import tenants

BOTH = "role=member, role=owner and role=admin elsewhere"
NEW = ("elsewhere", "removed member")


def seen(target: Target, sql: str) -> AccessMatrix:
    """Build a schema and observe it."""
    with connect_as_migrator(target) as connection:
        connection.execute(sql)  # type: ignore[call-overload]
    return observe(target)


def objections(matrix: AccessMatrix, severity: str) -> set[tuple[str, str, str, str]]:
    """Return who may do what by which rule, where a reviewer objects."""
    return {
        (f.rule, f.relation, f.persona, f.command)
        for f in judge(matrix)
        if f.severity == severity and f.rule != "truncate"
    }


@pytest.mark.parametrize("name", tenants.RIGHT)
def test_a_right_schema_of_tenants_is_left_alone(name: str, target: Target) -> None:
    matrix = seen(target, tenants.RIGHT[name])
    assert objections(matrix, "error") == set()
    assert any(persona.endswith(NEW) for persona in matrix.personas)


def test_users_of_two_tenants_and_former_members_are_silent_where_nothing_is_wrong(
    target: Target,
) -> None:
    matrix = seen(target, tenants.ORGANISATIONS)
    assert {BOTH, "role=admin elsewhere", "removed member"} <= set(matrix.personas)
    assert not [entry for entry in facts_of(matrix).allowed if entry[1].endswith(NEW)]


def test_a_schema_without_tenants_has_no_such_users(target: Target) -> None:
    matrix = seen(target, tenants.NO_TENANTS)
    assert not [persona for persona in matrix.personas if persona.endswith((*NEW, "member"))]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("ADMIN_ANYWHERE", ("other-rows", "documents", "role=admin elsewhere", "delete")),
        ("ADMIN_ANYWHERE", ("power-elsewhere", "documents", BOTH, "delete")),
        ("SHADOWED", ("other-rows", "documents", "role=admin elsewhere", "select")),
        ("ASKED_APART", ("power-elsewhere", "documents", BOTH, "delete")),
        ("ADMIN_OF_ANY_COMPANY", ("other-rows", "contracts", "role=admin elsewhere", "delete")),
        ("OWNER_ANYWHERE", ("power-elsewhere", "pages", "member, owner elsewhere", "delete")),
        ("WHO_WROTE_BELONGS", ("removed-member", "pages", "removed member", "select")),
        ("STATUS_FORGOTTEN", ("removed-member", "documents", "removed member", "select")),
        ("COMES_BACK", ("escalation", "members", "removed member", "update")),
    ],
)
def test_power_counts_only_where_it_was_given_and_while_it_lasts(
    fault: str, expected: tuple[str, str, str, str], target: Target
) -> None:
    assert expected in objections(seen(target, getattr(tenants, fault)), "error")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("ONE_ONLY", ("one-tenant-only", "documents", BOTH, "select")),
        ("FIRST_ONLY", ("one-tenant-only", "documents", BOTH, "select")),
        ("LEAST_ONLY", ("one-tenant-only", "documents", BOTH, "select")),
        ("GREATEST_ONLY", ("one-tenant-only", "documents", BOTH, "select")),
        ("TAKEN_ALONG", ("taken-along", "documents", BOTH, "update")),
        ("MARK_FORGOTTEN", ("removed-member", "documents", "removed member", "select")),
    ],
)
def test_what_may_be_meant_is_told_as_a_warning(
    fault: str, expected: tuple[str, str, str, str], target: Target
) -> None:
    matrix = seen(target, getattr(tenants, fault))
    assert objections(matrix, "error") == set()
    assert expected in objections(matrix, "warning")


def test_what_is_left_to_a_former_member_is_in_the_contract(target: Target) -> None:
    allowed = facts_of(seen(target, tenants.AUTHOR_FOR_EVER)).allowed
    assert {(entry[2:], columns) for entry, columns in allowed.items() if entry[1] == NEW[1]} == {
        (("own", "select"), ("*",)),
        (("own", "update"), ("title",)),
    }


def test_a_plain_member_is_told_apart_from_the_owner_of_a_tenant_without_roles(
    target: Target,
) -> None:
    allowed = facts_of(seen(target, tenants.WORKSPACES)).allowed
    assert ("workspaces", "member", "other", "select") in allowed
    assert ("workspaces", "owner", "own", "delete") in allowed
    assert ("workspaces", "member", "other", "delete") not in allowed


SHOP = """
create table public.listings (
    id uuid primary key default gen_random_uuid(), seller uuid not null references auth.users (id)
);
create table public.orders (
    id uuid primary key default gen_random_uuid(), buyer uuid not null references auth.users (id),
    listing_id uuid not null references public.listings (id), paid boolean not null default false
);
create function public.sells(who uuid) returns boolean language sql stable set search_path = ''
as $$ select who = auth.uid() $$;
create function public.bought(item uuid) returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.orders o where o.id = item and o.buyer = auth.uid()) $$;
alter table public.listings enable row level security;
alter table public.orders enable row level security;
create policy mine on public.listings for select to authenticated using (public.sells(seller));
create policy mine on public.orders for select to authenticated using (buyer = auth.uid());
"""


def test_what_other_tables_ask_makes_nobody_a_member(target: Target) -> None:
    before = seen(target, SHOP).personas
    by_helper = "alter policy mine on public.orders using (public.bought(id));"
    assert seen(target, by_helper).personas == before
