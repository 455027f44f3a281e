"""What stands around the tables: each change of roles, schemas, sequences and buckets is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.comparison.comparison import compare
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import Facts, facts_of
from prospectr_db.access.matrix.matrix import AccessMatrix
from prospectr_db.access.observation import look
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.access.surroundings import observe_surroundings
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_admin, connect_as_migrator
from tests.integration.access.schemas import FILES, NOTES

Tell = Callable[..., set[tuple[str, str]]]


@pytest.fixture
def told(target: Target) -> Tell:
    """Return what is told when a statement changes what the contract was written for.

    Roles belong to the cluster, which other tests share: everything happens in one transaction.
    """

    def tell(
        before: str, change: str, *, exposed: Sequence[str] = ("public",)
    ) -> set[tuple[str, str]]:
        with connect_admin(target) as connection:
            connection.execute(before or "select 1")  # type: ignore[call-overload]
            wanted = facts(connection, ("public",))
            connection.execute(change)  # type: ignore[call-overload]
            found = compare(facts(connection, exposed), wanted)
            connection.rollback()
        return {(finding.kind, finding.sentence) for finding in found}

    def facts(connection: object, exposed: Sequence[str]) -> Facts:
        catalog = look(connection, exposed=exposed)  # type: ignore[arg-type]
        around = observe_surroundings(connection, catalog)  # type: ignore[arg-type]
        observed = facts_of(AccessMatrix((), (), 0, 0.0, surroundings=around))
        return parse_contract(render(observed, accepted={})).facts

    return tell


ROLES = {
    "alter role anon createrole": "able to create roles",
    "alter role authenticated createdb": "able to create databases",
    "alter role anon replication": "able to replicate",
    "alter role authenticated login": "able to log in",
    "alter role authenticated bypassrls": "above row-level security",
    "alter role anon superuser": "above row-level security",
    "grant service_role to authenticated": "member of service_role",
}


@pytest.mark.parametrize("change", ROLES)
def test_power_that_an_api_role_gains_is_a_leak(change: str, told: Tell) -> None:
    role = next(word for word in reversed(change.split()) if word in ("anon", "authenticated"))
    sentence = f"{role} now holds what it did not: {ROLES[change]} (roles)."
    assert ("leak", sentence) in told("", change)


@pytest.mark.parametrize("change", ["alter role anon createrole", "alter role anon bypassrls"])
def test_power_that_an_api_role_loses_is_told_as_well(change: str, told: Tell) -> None:
    undone = change.replace(" create", " nocreate").replace(" bypass", " nobypass")
    assert {kind for kind, _ in told(change, undone)} == {"loss"}


def test_roles_with_power_are_red_without_a_contract(target: Target) -> None:
    with connect_admin(target) as connection:
        connection.execute("alter role anon createrole")
        around = observe_surroundings(connection, look(connection))
        connection.rollback()
    found = judge(AccessMatrix((), (), 0, 0.0, surroundings=around))
    assert [(f.severity, f.sentence) for f in found] == [("error", "anon is able to create roles.")]


LIMITED = "update storage.buckets set file_size_limit = 10 where id = 'papers'"
OPENED = "update storage.buckets set public = true where id = 'papers'"
AROUND = [
    (
        "create schema inner_room; grant usage on schema inner_room to anon",
        "",
        ("public", "inner_room"),
        ("leak", "The API now shows the schema inner_room."),
    ),
    (
        "create sequence public.numbers; revoke all on sequence public.numbers from anon",
        "grant usage on sequence public.numbers to anon",
        ("public",),
        ("leak", "anon now holds what it did not: usage on public.numbers (sequences)."),
    ),
    (
        "create sequence public.numbers; grant usage on sequence public.numbers to authenticated",
        "revoke usage on sequence public.numbers from authenticated",
        ("public",),
        ("loss", "authenticated no longer holds: usage on public.numbers (sequences)."),
    ),
    (
        "",
        (
            "alter default privileges for role postgres in schema public"
            " grant insert on tables to anon"
        ),
        ("public",),
        (
            "leak",
            "anon now holds what it did not: insert on new tables in public (default_privileges).",
        ),
    ),
    (
        "",
        "alter default privileges for role postgres grant execute on functions to anon",
        ("public",),
        ("leak", "anon now holds what it did not: execute on new functions (default_privileges)."),
    ),
    (
        FILES,
        "update storage.buckets set allowed_mime_types = '{image/png}' where id = 'papers'",
        ("public",),
        (
            "loss",
            "The bucket papers has allowed_mime_types image/png; the contract says no limit.",
        ),
    ),
    (
        FILES + LIMITED,
        "update storage.buckets set file_size_limit = 20 where id = 'papers'",
        ("public",),
        ("leak", "The bucket papers has file_size_limit 20; the contract says 10."),
    ),
    (
        FILES + OPENED,
        "update storage.buckets set public = false where id = 'papers'",
        ("public",),
        ("loss", "The bucket papers is no longer public."),
    ),
]


@pytest.mark.parametrize(("before", "change", "exposed", "expected"), AROUND)
def test_each_change_around_the_tables_is_told_in_a_sentence(
    before: str, change: str, exposed: Sequence[str], expected: tuple[str, str], told: Tell
) -> None:
    assert expected in told(before, change, exposed=exposed)


def test_what_stays_as_it_was_is_not_told(told: Tell) -> None:
    same = "alter role anon nocreaterole; grant usage on schema public to anon"
    assert told(FILES, same) == set()


def test_a_table_that_is_published_is_told(target: Target) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(NOTES)  # type: ignore[call-overload]
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    with connect_as_migrator(target) as connection:
        connection.execute("alter publication supabase_realtime add table public.notes")
    told = {f.sentence for f in check(observe(target), contract) if f.severity == "error"}
    assert told == {"notes now has what policies do not govern: published: supabase_realtime."}


HOOK = """
create table public.user_roles (user_id uuid primary key references auth.users, role text);
alter table public.user_roles enable row level security;
create policy auth_reads on public.user_roles for select to supabase_auth_admin using (true);
grant select on public.user_roles to supabase_auth_admin;
create function public.add_claims(event jsonb) returns jsonb language sql as 'select event';
revoke execute on function public.add_claims from public, anon, authenticated, service_role;
grant execute on function public.add_claims to supabase_auth_admin;
"""


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        (
            "revoke execute on function public.add_claims from supabase_auth_admin",
            "execute on public.add_claims(jsonb)",
        ),
        ("revoke select on public.user_roles from supabase_auth_admin", "select on user_roles"),
        ("drop policy auth_reads on public.user_roles", "select on user_roles where true"),
    ],
)
def test_what_a_hook_needs_is_missed(change: str, lost: str, told: Tell) -> None:
    sentence = f"supabase_auth_admin no longer holds: {lost} (services)."
    assert told(HOOK, change) == {("loss", sentence)}
