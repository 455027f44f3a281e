"""Claims that only the server sets: whoever holds a value that policies ask for is tried."""

from __future__ import annotations

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import Run
from tests.integration.access.schemas import NOTES

ROLE = "(select auth.jwt()) -> 'app_metadata' ->> 'role'"
HELPERS = f"""
create schema private;
grant usage on schema private to authenticated;
create function private.app_role() returns text language sql stable set search_path = ''
    as $$ select coalesce({ROLE}, '') $$;
create function private.is_staff() returns boolean language sql stable set search_path = ''
    as $$ select private.app_role() = 'staff' $$;
create function private.has_claim(key text, wanted text) returns boolean
    language sql stable set search_path = ''
    as $$ select (auth.jwt() -> 'app_metadata' ->> key) = wanted $$;
grant execute on all functions in schema private to authenticated;
"""
ASKED = {
    "a helper compared in the policy": ("private.app_role() = 'moderator'", "role=moderator"),
    "one of several": ("private.app_role() in ('moderator', 'editor')", "role=editor"),
    "in a sub-select": ("(select private.app_role()) = 'moderator'", "role=moderator"),
    "a helper of a helper": ("private.is_staff()", "role=staff"),
    "key and value as arguments": ("private.has_claim('team', 'north')", "team=north"),
    "a flag": (
        "coalesce(((select auth.jwt()) -> 'app_metadata' ->> 'staff')::boolean, false)",
        "staff=true",
    ),
}


def policy(condition: str) -> str:
    return (
        'create policy "staff handle" on public.notes for update to authenticated'
        f" using ({condition}) with check ({condition});"
        'create policy "staff see" on public.notes for select to authenticated'
        f" using ({condition});"
    )


@pytest.mark.parametrize("name", ASKED)
def test_a_value_that_a_policy_asks_for_through_a_function_has_a_persona(
    name: str, target: Target, run: Run
) -> None:
    condition, claim = ASKED[name]
    run(NOTES + HELPERS + policy(condition))
    matrix = observe(target)
    table = matrix.table("notes")
    access = table.find(f"app_metadata.{claim}", "other", "update") if table else None
    assert access is not None, matrix.personas
    assert access.succeeds
    assert [f.sentence for f in judge(matrix) if f.severity == "error"] == []


def test_one_more_role_in_a_policy_is_told(target: Target, run: Run) -> None:
    run(NOTES + HELPERS + policy("private.app_role() = 'moderator'"))
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    run(
        'alter policy "staff see" on public.notes'
        " using (private.app_role() in ('moderator', 'supporter'))"
    )
    told = {(f.kind, f.persona) for f in check(observe(target), contract) if f.severity == "error"}
    assert ("leak", "app_metadata.role=supporter") in told
