"""Every planted hole is named; every right schema, however spelt, is left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator
from tests.integration.access.schemas import FAULTS, NOTES, RIGHT, TREE, Fault


@pytest.fixture
def errors_of(target: Target) -> Callable[[str], list[Finding]]:
    """Build a schema and return what the default rules call errors."""

    def build(sql: str) -> list[Finding]:
        with connect_as_migrator(target) as connection:
            connection.execute(sql)  # type: ignore[call-overload]
        return [f for f in judge(observe(target)) if f.severity == "error"]

    return build


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_hole_is_named(fault: Fault, errors_of: Callable[[str], list[Finding]]) -> None:
    found = errors_of(fault.sql)
    assert (fault.rule, fault.relation) in {(f.rule, f.relation) for f in found}, [
        f.sentence for f in found
    ]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_schema_is_left_alone(name: str, errors_of: Callable[[str], list[Finding]]) -> None:
    assert [f.sentence for f in errors_of(RIGHT[name])] == []


UNIQUE_HANDLE = """
alter table public.notes add column handle text unique;
grant insert (handle), update (handle) on public.notes to authenticated;
"""


def test_a_unique_column_that_strangers_cannot_read_is_shown_to_be_an_oracle(
    target: Target,
) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(NOTES + UNIQUE_HANDLE)  # type: ignore[call-overload]
    found = [f for f in judge(observe(target)) if f.kind == "oracle"]
    assert [(f.relation, f.columns) for f in found if f.severity == "warning"] == [
        ("notes", ("handle",))
    ]


def test_a_foreign_key_tells_whether_an_id_exists_only_where_policies_look_at_it_too_late(
    target: Target,
) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(TREE)  # type: ignore[call-overload]
    found = [f for f in judge(observe(target)) if f.kind == "oracle"]
    # That a uuid is taken can be learnt, but not guessed.
    assert {(f.columns, f.severity) for f in found} == {(("id",), "note")}


ANSWERS = {
    "a total over everybody's rows": (
        (
            "returns bigint language sql stable security definer set search_path = ''"
            " as $$ select count(*) from public.notes $$"
        ),
        True,
    ),
    "whether a title is taken": (
        (
            "returns boolean language sql stable security definer set search_path = ''"
            " as $$ select exists (select 1 from public.notes where title like '%A%') $$"
        ),
        True,
    ),
    "a total over the caller's rows": (
        (
            "returns bigint language sql stable security definer set search_path = ''"
            " as $$ select count(*) from public.notes where user_id = (select auth.uid()) $$"
        ),
        False,
    ),
    "chance": (
        (
            "returns double precision language sql volatile security definer set search_path = ''"
            " as $$ select random() + 0 * count(*) from public.notes $$"
        ),
        False,
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_rests_on_other_peoples_rows_is_told(name: str, target: Target) -> None:
    body, expected = ANSWERS[name]
    with connect_as_migrator(target) as connection:
        connection.execute(
            NOTES + f"create function public.answer() {body};"  # type: ignore[call-overload]
            "grant execute on function public.answer() to authenticated;"
        )
    found = {f.persona for f in judge(observe(target)) if f.rule == "function-depends"}
    assert ("stranger" in found) is expected
