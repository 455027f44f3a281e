"""Buckets as rows: who may list, make, open and remove them, by the policies on storage.buckets."""

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
from tests.integration.access.schemas import FILES, NOTES

OWN = "owner_id = (select auth.uid())::text"
OWN_BUCKETS = f"""
create policy "list own" on storage.buckets for select to authenticated using ({OWN});
create policy "make own" on storage.buckets for insert to authenticated with check ({OWN});
create policy "change own" on storage.buckets for update to authenticated
    using ({OWN}) with check ({OWN});
create policy "drop own" on storage.buckets for delete to authenticated using ({OWN});
"""
LISTED = """
create policy "list" on storage.buckets for select to authenticated using (true);
"""


def allowed(matrix: AccessMatrix) -> dict[tuple[str, str, str], set[str]]:
    table = matrix.table("storage.buckets")
    assert table is not None
    return {
        (access.persona, access.rows, access.command): set(access.columns)
        for access in table.accesses
        if access.succeeds and access.persona != "service_role"
    }


@pytest.mark.parametrize("sql", [OWN_BUCKETS, LISTED], ids=["one's own", "a list for users"])
def test_buckets_whose_policies_are_right_are_left_alone(
    sql: str, target: Target, run: Run
) -> None:
    run(FILES + sql)
    matrix = observe(target)
    assert [f.sentence for f in judge(matrix) if f.severity == "error"] == []
    seen = allowed(matrix)
    if sql is OWN_BUCKETS:
        assert set(seen) == {
            ("owner", "own", command) for command in ("select", "insert", "update", "delete")
        } | {(who, "own", "insert") for who in ("stranger", "newcomer")}
        assert "public" in seen["owner", "own", "update"]
        assert "owner_id" not in seen["owner", "own", "update"]
    else:
        assert {command for _, _, command in seen} == {"select"}


@pytest.mark.parametrize(
    ("sql", "command", "columns"),
    [
        ('alter policy "change own" on storage.buckets using (true)', "update", {"public"}),
        ('alter policy "drop own" on storage.buckets using (true)', "delete", set()),
        ('alter policy "make own" on storage.buckets with check (true)', "insert", {"public"}),
        ('alter policy "list own" on storage.buckets using (true)', "select", set()),
    ],
)
def test_somebody_elses_bucket_within_reach_is_red(
    sql: str, command: str, columns: set[str], target: Target, run: Run
) -> None:
    loosened = OWN_BUCKETS.replace(f"using ({OWN}) with check ({OWN})", f"using ({OWN})")
    everyone = 'create policy "see" on storage.buckets for select to authenticated using (true);'
    needs_sight = everyone if command in ("update", "delete") else ""
    run(FILES + loosened + needs_sight + sql)
    if command == "update":
        run('alter policy "change own" on storage.buckets with check (true)')
    found = [
        f
        for f in judge(observe(target))
        if (f.relation, f.command, f.severity) == ("storage.buckets", command, "error")
    ]
    assert "stranger" in {f.persona for f in found}
    assert columns <= {name for f in found for name in f.columns}


def test_opening_a_projects_bucket_to_users_is_told(target: Target, run: Run) -> None:
    run(FILES + LISTED)
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    assert [f for f in check(observe(target), contract) if f.severity == "error"] == []
    run(
        "create policy open on storage.buckets for update to authenticated"
        " using (id = 'papers') with check (true)"
    )
    told = [f for f in check(observe(target), contract) if f.severity == "error"]
    assert {(f.persona, f.rows, f.command) for f in told} >= {
        ("stranger", "orphan [id=papers]", "update")
    }
    assert {"public"} <= {name for f in told for name in f.columns}


def test_a_bucket_policy_that_nothing_fits_is_red(target: Target, run: Run) -> None:
    run(
        FILES + LISTED + "create policy odd on storage.buckets for insert to authenticated"
        " with check (md5(id) = 'x');"
    )
    found = [f for f in judge(observe(target)) if f.kind == "vacuous"]
    assert [(f.relation, f.rows) for f in found] == [("storage.buckets", "odd")]


def test_without_a_policy_buckets_are_not_asked_about(target: Target, run: Run) -> None:
    run(NOTES + FILES)
    assert observe(target).table("storage.buckets") is None
