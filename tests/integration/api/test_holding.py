"""What requests express is held to the contract, and nothing is red that `access check` accepts."""

from __future__ import annotations

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import Contract, parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.api.asking import ask_database
from prospectr_db.api.holding import Held, Seen, hold
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.project import Project
from tests.integration.access import ordinary
from tests.integration.access.schemas import CAMPAIGNS, NOTES, TEAMS, TREE


def held(target: Target, contract: Contract | None) -> Held:
    """Hold a database to a contract as if the Data API answered as the database does."""
    asked = ask_database(target, ("public",), contract)
    cells = [
        Seen(c.plan, c.knocker, c.probe, str(c.request), c.control, c.outcome) for c in asked.cells
    ]
    return hold(
        asked.observation,
        cells,
        contract,
        otherwise=asked.otherwise,
        sabotage="",
        seconds=0.0,
    )


def run(target: Target, sql: str) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(sql)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "schema",
    [
        *(NOTES, TREE, TEAMS, CAMPAIGNS),
        ordinary.OPEN + ordinary.PROFILES,
        ordinary.OPEN + ordinary.TENANTS,
    ],
    ids=["notes", "tree", "teams", "campaigns", "profiles", "tenants"],
)
def test_a_contract_that_was_just_written_is_kept(schema: str, target: Target) -> None:
    run(target, schema)
    matrix = observe(target)
    contract = parse_contract(render(facts_of(matrix), accepted={}))
    assert [f.sentence for f in check(matrix, contract) if f.severity == "error"] == []
    found = held(target, contract)
    assert [f.sentence for f in found.check.findings] == []
    assert found.check.ok
    assert found.entries > 0
    assert found.forbidden > 0


def test_what_no_request_expresses_is_counted(target: Target) -> None:
    run(
        target,
        NOTES + "grant truncate on public.notes to authenticated;"
        "create function public.one() returns int language sql as 'select 1';"
        "grant execute on function public.one() to authenticated;",
    )
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    found = held(target, contract)
    assert {"truncate", "call"} <= set(found.left_out)
    assert found.entries + sum(found.left_out.values()) == len(contract.facts.allowed)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            'alter policy "see own" on public.notes using (true)',
            (
                "Authenticated strangers can now read notes (every column) on other people's rows, "
                "over HTTP."
            ),
        ),
        (
            "revoke delete on public.notes from authenticated",
            (
                "Owners can no longer delete notes on their own rows: denied, permission denied "
                "for table notes, over HTTP."
            ),
        ),
        (
            "grant update (is_pro) on public.notes to authenticated",
            (
                "Owners can now update notes.is_pro on their own rows, "
                "which is the server's to write, over HTTP."
            ),
        ),
    ],
)
def test_a_change_of_access_is_seen_over_http(change: str, expected: str, target: Target) -> None:
    run(target, NOTES)
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    run(target, change)
    found = held(target, contract)
    assert not found.check.ok
    assert expected in {f.sentence for f in found.check.errors}


def test_without_a_contract_a_reviewer_objects(target: Target) -> None:
    run(target, NOTES + 'alter policy "see own" on public.notes using (user_id is not null);')
    found = held(target, None)
    assert {(f.persona, f.command, f.rule) for f in found.check.errors} == {
        ("stranger", "select", "other-rows"),
        ("newcomer", "select", "other-rows"),
    }
    assert found.check.contract is None


def test_an_answer_that_differs_is_told_once_for_each_entry(target: Target) -> None:
    run(target, NOTES)
    asked = ask_database(target, ("public",))
    spoilt = [
        Seen(
            c.plan,
            c.knocker,
            c.probe,
            str(c.request),
            c.control,
            c.outcome,
            "filtered in the database, allowed over HTTP" if c.knocker.name == "stranger" else "",
        )
        for c in asked.cells
    ]
    found = hold(asked.observation, spoilt, None, sabotage="", seconds=0.0)
    told = [f for f in found.check.findings if f.rule == "api-differs"]
    assert {f.persona for f in told} == {"stranger"}
    assert len({(f.rows, f.command) for f in told}) == len(told) > 1
    assert "filtered in the database, allowed over HTTP" in told[0].sentence


def test_that_new_tables_were_granted_by_themselves_is_told_first(target: Target) -> None:
    run(target, NOTES)
    asked = ask_database(target, ("public",), None)
    told = hold(asked.observation, [], None, sabotage="", seconds=0.0, older=True).check.findings
    assert told[0].sentence.startswith("No migration grants a table to the API's roles")


def test_nothing_asked_is_not_green(target: Target) -> None:
    assert not held(target, None).check.ok


def test_prospectrs_contract_is_kept_over_http(
    prospectr: Target, prospectr_project: Project
) -> None:
    from prospectr_db.access.contract.contract import read_contract
    from prospectr_db.access.verify import contract_path

    contract = read_contract(contract_path(prospectr_project))
    assert contract is not None
    found = held(prospectr, contract)
    assert [f.sentence for f in found.check.findings] == []
    assert found.entries > 40
