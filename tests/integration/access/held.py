"""A schema held to its own contract: what a change of it turns red, in sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prospectr_db.access.check import check, to_be_accepted
from prospectr_db.access.contract.contract import Contract, parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect, connect_as_migrator

__all__ = ["Held", "Run", "built", "hold", "red", "run", "written"]

Run = Callable[[str], None]
"""Runs SQL on a test's own database, as migrations would be."""


_RAN: dict[str, str] = {}
"""What was run on a test's database, by its address: no two tests have the same."""

_WRITTEN: dict[object, str] = {}
"""The contracts of schemas that were observed already: most tests change one of a few."""

_RIGHT: set[object] = set()
"""The schemas that were found right and kept what their contracts said."""


def run(target: Target, text: str) -> None:
    """Run SQL as migrations do."""
    with connect_as_migrator(target, autocommit=True) as connection:
        connection.execute(text.encode())
    address = target.dsn.url()
    _RAN[address] = _RAN.get(address, "") + text


def _what_is_there(target: Target) -> object:
    """Return what two databases have in common that are observed with the same result."""
    counted = (
        "select (select count(*) from pg_depend), (select count(*) from pg_auth_members),"
        " (select string_agg(rolname, ',' order by rolname) from pg_roles)"
    )
    with connect(target) as connection:
        return _RAN[target.dsn.url()], connection.execute(counted).fetchone()


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
    known = _what_is_there(target)
    if known not in _WRITTEN:
        matrix = observe(target)
        found = judge(matrix)
        assert [f.sentence for f in found if f.severity == "error"] == []
        accepted = to_be_accepted(found)
        text = render(facts_of(matrix), accepted=accepted)
        assert render(parse_contract(text).facts, accepted=accepted, previous=text) == text
        _WRITTEN[known] = text
    return Held(target, _WRITTEN[known])


def hold(target: Target, schema: str) -> Held:
    """Build a right schema and write its contract, which it keeps as it was written."""
    held = built(target, schema)
    known = _what_is_there(target)
    if known not in _RIGHT:
        assert held.errors() == set()
        _RIGHT.add(known)
    return held


def written(target: Target) -> Contract:
    """Return the contract that `access write` would leave behind, whatever it states."""
    known = "whatever it states", _what_is_there(target)
    if known not in _WRITTEN:
        _WRITTEN[known] = render(facts_of(observe(target)), accepted={})
    return parse_contract(_WRITTEN[known])


def red(target: Target, contract: Contract | None) -> dict[str, str]:
    """Return what is red, with the kind of each sentence."""
    given = {} if contract is None else {"given": contract.given}
    found = check(observe(target, **given), contract)
    return {f.sentence: f.kind for f in found if f.severity == "error"}
