"""COPY: told only where it reaches further than INSERT, past a rule that stands in the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.matrix.matrix import AccessMatrix
from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator

Seen = Callable[[str], AccessMatrix]

TALLIES = """
create table public.tallies (id uuid primary key default gen_random_uuid(), label text not null);
revoke all on public.tallies from anon, authenticated;
grant select on public.tallies to anon, authenticated;
"""
RULE = """
create rule guard as on insert to public.tallies
    where current_user in ('anon', 'authenticated') do instead nothing;
"""
GRANT = "grant insert on public.tallies to authenticated;"
POLICIES = """
alter table public.tallies enable row level security;
create policy look on public.tallies for select to authenticated using (true);
create policy add on public.tallies for insert to authenticated with check (true);
"""


@pytest.fixture
def seen(target: Target) -> Seen:
    """Build a schema and observe it."""

    def build(sql: str) -> AccessMatrix:
        with connect_as_migrator(target) as connection:
            connection.execute(sql)  # type: ignore[call-overload]
        return observe(target)

    return build


def by_copy(matrix: AccessMatrix) -> set[str]:
    """Return who gets a row in by COPY alone."""
    table = matrix.table("tallies")
    assert table is not None
    return {
        access.persona
        for access in table.accesses
        if access.command == "insert" and any(form.form == "copy" for form in access.forms)
    }


def test_a_rule_does_not_keep_copy_out_where_row_level_security_is_off(seen: Seen) -> None:
    matrix = seen(TALLIES + RULE + GRANT)
    assert by_copy(matrix) == {"owner", "stranger"}
    table = matrix.table("tallies")
    access = table.find("stranger", "any", "insert") if table else None
    assert access is not None
    assert access.succeeds
    assert access.statement.startswith('copy "public"."tallies" (')
    assert 'forms = { insert = ["copy"] }' in render(facts_of(matrix), accepted={})


@pytest.mark.parametrize(
    "sql",
    [
        TALLIES + RULE,
        TALLIES + GRANT,
        TALLIES + RULE + GRANT + POLICIES,
    ],
    ids=["no privilege", "no rule", "row-level security"],
)
def test_copy_is_not_told_where_it_reaches_no_further(sql: str, seen: Seen) -> None:
    assert by_copy(seen(sql)) == set()


def test_copy_shows_nobody_more_than_select_does(target: Target) -> None:
    # The fact on which the matrix relies when it does not try COPY TO.
    with connect_as_migrator(target) as connection:
        connection.execute(
            "create table public.mine (user_id uuid, note text);"
            "insert into public.mine values ('00000000-0000-0000-0000-000000000001', 'a'),"
            " ('00000000-0000-0000-0000-000000000002', 'b');"
            "alter table public.mine enable row level security;"
            "grant select on public.mine to authenticated;"
            "create policy own on public.mine for select to authenticated"
            " using (user_id = '00000000-0000-0000-0000-000000000001');"
            "set local role authenticated"
        )
        with connection.cursor().copy("copy public.mine (note) to stdout") as copy:
            assert list(copy.rows()) == [("a",)]
