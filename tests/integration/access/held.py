"""A schema held to its own contract: what a change of it turns red, in sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prospectr_db.access.check import check, to_be_accepted
from prospectr_db.access.contract import Contract, parse_contract, render
from prospectr_db.access.facts import facts_of
from prospectr_db.access.findings import judge
from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator

__all__ = ["Held", "Run", "built", "hold", "red", "run", "written"]

Run = Callable[[str], None]
"""Runs SQL on a test's own database, as migrations would be."""


def run(target: Target, text: str) -> None:
    """Run SQL as migrations do."""
    with connect_as_migrator(target, autocommit=True) as connection:
        connection.execute(text.encode())


@dataclass
class Held:
    """A database and the contract that was written when it was right."""

    target: Target
    text: str

    @property
    def contract(self) -> Contract:
        """The contract as read from its text."""
        return parse_contract(self.text)

    def errors(self) -> set[str]:
        """Return what is red."""
        return self._told("error")

    def warnings(self) -> set[str]:
        """Return what is doubtful and not red."""
        return self._told("warning")

    def after(self, change: str) -> set[str]:
        """Return what is red once a change has been made."""
        run(self.target, change)
        return self.errors()

    def _told(self, severity: str) -> set[str]:
        matrix = observe(self.target, given=self.contract.given)
        return {f.sentence for f in check(matrix, self.contract) if f.severity == severity}


def built(target: Target, schema: str) -> Held:
    """Build a schema to which no rule objects, and write its contract, which reads as written."""
    run(target, schema)
    matrix = observe(target)
    found = judge(matrix)
    assert [f.sentence for f in found if f.severity == "error"] == []
    accepted = to_be_accepted(found)
    text = render(facts_of(matrix), accepted=accepted)
    assert render(parse_contract(text).facts, accepted=accepted, previous=text) == text
    return Held(target, text)


def hold(target: Target, schema: str) -> Held:
    """Build a right schema and write its contract, which it keeps as it was written."""
    held = built(target, schema)
    assert held.errors() == set()
    return held


def written(target: Target) -> Contract:
    """Return the contract that `access write` would leave behind, whatever it states."""
    return parse_contract(render(facts_of(observe(target)), accepted={}))


def red(target: Target, contract: Contract | None) -> dict[str, str]:
    """Return what is red, with the kind of each sentence."""
    given = {} if contract is None else {"given": contract.given}
    found = check(observe(target, **given), contract)
    return {f.sentence: f.kind for f in found if f.severity == "error"}
