"""What is told of times some way from now: only of those that were tried for the contract, too."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from prospectr_db.access.matrix.facts import Entry, Facts
from prospectr_db.access.matrix.row_classes import states_of
from prospectr_db.access.writing.times import is_from_now

__all__ = ["with_known_times"]

State = tuple[str, str]
"""A relation, or the table above, and a state of its rows."""


def with_known_times(observed: Facts, wanted: Facts) -> Facts:
    """Return what was observed without the times that nobody tried for the contract.

    Another limit brings others with it. What changed by it is told of those that are known, and
    of the others the contract says nothing.
    """
    new = _times(observed) - _times(wanted)
    if not new:
        return observed
    above = {(relation.rpartition(".")[2], state) for relation, state in new}
    allowed = {}
    for entry, columns in observed.allowed.items():
        kept = tuple(c for c in columns if (entry[0], c) not in new)
        if not _is_in(entry, new, above) and (kept or not columns):
            allowed[entry] = kept
    shut = frozenset(entry for entry in observed.shut if not _is_in(entry, new, above))
    frozen, thawed = (
        {entry: names for entry, names in kept.items() if not _is_in(entry, new, above)}
        for kept in (observed.frozen, observed.thawed)
    )
    return replace(observed, allowed=allowed, shut=shut, frozen=frozen, thawed=thawed)


def _is_in(entry: Entry, own: Container[State], above: Container[State]) -> bool:
    """Whether a row is in one of some states, itself or by what is above it."""
    for state in states_of(entry[2]):
        column, _, value = state.partition("=")
        table, _, name = column.rpartition(".")
        if (table, f"{name}={value}") in above if table else (entry[0], state) in own:
            return True
    return False


def _times(facts: Facts) -> set[State]:
    """Return the states of rows that are such a time, each with the relation."""
    return {
        (relation, f"{column}={value}")
        for relation, states in facts.states.items()
        for column, values in states.items()
        for value in values
        if value is not None and is_from_now(value)
    }
