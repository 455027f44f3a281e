"""Columns that change only together with a row's state: what a difference in them says."""

from __future__ import annotations

from collections.abc import Collection

from prospectr_db.access.matrix.facts import Entry, Facts
from prospectr_db.access.matrix.matrix import TOGETHER
from prospectr_db.access.matrix.row_classes import plainer

__all__ = ["comparable", "is_along"]


def is_along(column: str, states: Collection[str]) -> bool:
    """Whether what is shown is a column together with the one that holds the state."""
    *others, last = column.split(TOGETHER)
    return bool(others) and last.partition("=")[0] in states


def comparable(one: tuple[str, ...], entry: Entry, there: Facts, other: Facts) -> tuple[str, ...]:
    """Return the columns of ``one`` side that were tried ``there``, on the other, as well.

    Where a row can be changed without its state, or is changed as it is without one, nobody tried
    what changes together with it.
    """
    relation, persona, rows, command = entry
    states = {*there.states.get(relation, ()), *other.states.get(relation, ())}
    plain = relation, persona, plainer(rows), command
    columns = there.allowed.get(entry, ())
    tried = plain == entry or plain not in there.allowed
    if tried and all(is_along(c, states) or c.partition("=")[0] in states for c in columns):
        return one
    return tuple(column for column in one if not is_along(column, states))
