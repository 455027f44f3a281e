"""Partitions reached directly: their own policies bind, and every kind of partition gets a row."""

from __future__ import annotations

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.matrix.matrix import AccessMatrix
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import Run

OWN = "user_id = (select auth.uid())"


def guarded(*names: str) -> str:
    """Return the same right policies and grants for each table."""
    return "".join(
        f"alter table public.{name} enable row level security;"
        f"revoke all on public.{name} from anon, authenticated;"
        f"grant select, insert, update, delete on public.{name} to authenticated, service_role;"
        f'create policy "{name} own" on public.{name} for all to authenticated'
        f" using ({OWN}) with check ({OWN});"
        for name in names
    )


COLUMNS = """
    id uuid not null default gen_random_uuid(),
    user_id uuid not null references auth.users (id),
    region text not null,
    at timestamptz not null default now(),
    note text"""


def hashed(parent: str, *names: str) -> str:
    """Return the partitions of a table that is split by a hash."""
    values = f"for values with (modulus {len(names)}, remainder"
    return "".join(
        f"create table public.{name} partition of public.{parent} {values} {place});"
        for place, name in enumerate(names)
    )


KINDS = {
    "hash of the id": (
        (
            f"create table public.t ({COLUMNS}, primary key (id)) partition by hash (id);"
            + hashed("t", "t_0", "t_1", "t_2")
        ),
        ("t_0", "t_1", "t_2"),
    ),
    "hash of the owner": (
        (
            f"create table public.t ({COLUMNS}, primary key (id, user_id))"
            " partition by hash (user_id);" + hashed("t", "t_0", "t_1", "t_2")
        ),
        ("t_0", "t_1", "t_2"),
    ),
    "range of two columns": (
        (
            f"create table public.t ({COLUMNS}, primary key (id, region, at))"
            " partition by range (region, at);"
            "create table public.t_0 partition of public.t"
            " for values from ('a', '2020-01-01') to ('m', '2020-01-01');"
            "create table public.t_1 partition of public.t"
            " for values from ('m', '2020-01-01') to (maxvalue, maxvalue);"
        ),
        ("t_0", "t_1"),
    ),
    "list with a default, below it by time": (
        (
            f"create table public.t ({COLUMNS}, primary key (id, region, at))"
            " partition by list (region);"
            "create table public.t_0 partition of public.t for values in ('eu', 'us');"
            "create table public.t_1 partition of public.t default partition by range (at);"
            "create table public.t_2 partition of public.t_1"
            " for values from ('2026-01-01') to ('2027-01-01');"
            "create table public.t_3 partition of public.t_1 default;"
        ),
        ("t_0", "t_1", "t_2", "t_3"),
    ),
    "an expression": (
        (
            f"create table public.t ({COLUMNS}) partition by list (lower(region));"
            "create table public.t_0 partition of public.t for values in ('eu');"
            "create table public.t_1 partition of public.t for values in ('us');"
        ),
        ("t_0", "t_1"),
    ),
}


def commands(matrix: AccessMatrix, label: str, persona: str, rows: str) -> set[str]:
    table = matrix.table(label)
    assert table is not None
    return {
        access.command
        for access in table.accesses
        if (access.persona, access.rows) == (persona, rows) and access.succeeds
    }


@pytest.mark.parametrize("name", KINDS)
def test_each_partition_is_tried_like_a_table_and_a_right_one_is_left_alone(
    name: str, target: Target, run: Run
) -> None:
    sql, children = KINDS[name]
    run(sql + guarded("t", *children))
    matrix = observe(target)
    assert [f.sentence for f in judge(matrix) if f.severity == "error"] == []
    own = {child: commands(matrix, child, "owner", "own") for child in children}
    everything = {"select", "insert", "update", "delete"}
    if name == "hash of the owner":
        # Nobody's id falls into every part: in the others somebody else's row is aimed at.
        assert everything in own.values()
    else:
        assert own == dict.fromkeys(children, everything)
    for child in children:
        tried = {a.command for t in matrix.tables if t.relation == child for a in t.accesses}
        assert tried >= everything
        assert commands(matrix, child, "service_role", "other") == everything


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("command", ["select", "insert"])
def test_a_partition_whose_own_policies_are_lax_is_red(
    name: str, command: str, target: Target, run: Run
) -> None:
    sql, children = KINDS[name]
    last = children[-1]
    clause = "using (true)" if command == "select" else "with check (true)"
    run(
        sql
        + guarded("t", *children)
        + f"create policy lax on public.{last} for {command} to authenticated {clause};"
    )
    found = {
        (f.relation, f.command, f.persona) for f in judge(observe(target)) if f.severity == "error"
    }
    assert (last, command, "stranger") in found
    assert {relation for relation, _, _ in found} == {last}


def test_a_partition_that_is_added_open_turns_the_contract_red(target: Target, run: Run) -> None:
    sql, children = KINDS["an expression"]
    run(sql + guarded("t", *children))
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    assert [f for f in check(observe(target), contract) if f.severity == "error"] == []
    run(
        "create table public.t_5 partition of public.t for values in ('asia');"
        "grant all on public.t_5 to anon, authenticated;"
    )
    told = [f for f in check(observe(target), contract) if f.severity == "error"]
    assert {(f.relation, f.kind) for f in told} >= {("t_5", "unmentioned"), ("t_5", "leak")}


def test_a_partition_that_no_row_gets_into_is_said_to_be_unobserved(
    target: Target, run: Run
) -> None:
    run(
        f"create table public.t ({COLUMNS}, check (region <> 'never')) partition by list (region);"
        "create table public.t_0 partition of public.t for values in ('eu');"
        "create table public.t_1 partition of public.t for values in ('never');"
        + guarded("t", "t_0", "t_1")
    )
    found = [f for f in judge(observe(target)) if f.kind == "vacuous"]
    assert [(f.relation, f.severity) for f in found] == [("t_1", "error")]
