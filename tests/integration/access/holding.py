"""A schema held to the contract that was written of it: what a change of it says, in sentences."""

from __future__ import annotations

from collections.abc import Callable

from prospectr_db.access.check import check
from prospectr_db.access.contract import parse_contract, render
from prospectr_db.access.facts import facts_of
from prospectr_db.access.findings import judge
from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator

__all__ = ["Held", "hold", "run"]

Held = Callable[[str], set[str]]
"""Applies a change and returns the errors of the check, as sentences."""


def run(target: Target, text: str) -> None:
    """Run a migration as the role that migrations run as."""
    with connect_as_migrator(target, autocommit=True) as connection:
        connection.execute(text.encode())


def hold(target: Target, schema: str) -> Held:
    """Write the contract of a right schema, which keeps it; errors of the rules fail the test."""
    run(target, schema)
    matrix = observe(target)
    assert [f.sentence for f in judge(matrix) if f.severity == "error"] == []
    text = render(facts_of(matrix), accepted={})
    contract = parse_contract(text)
    assert render(contract.facts, accepted={}, previous=text) == text

    def after(change: str) -> set[str]:
        run(target, change)
        again = observe(target, given=contract.given)
        return {f.sentence for f in check(again, contract) if f.severity == "error"}

    return after
