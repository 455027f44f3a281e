"""New rows below parents in the states that policies ask for, one by one and one more on top."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.matrix import Cell
from prospectr_db.access.matrix.row_classes import columns_of
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.counting import states_when_counted
from prospectr_db.access.probes.insert import after, insert_classes, inserts_of
from prospectr_db.access.rows.inhabitants import OWNER

if TYPE_CHECKING:
    from prospectr_db.access.probes.probes import Plan

__all__ = ["inserts_among", "inserts_below", "inserts_on_top"]

_MOST = 40
"""Two states at once, for each user and relation."""

State = tuple[str, str]
"""A state by its name, and what makes it."""


def inserts_below(plan: Plan, knocker: Knocker, known: Collection[str]) -> Iterator[Probe]:
    """Yield new rows under a parent of the owner's, in each state of it that policies ask for.

    Or of what is beside the row: the subscription of the account that a document is for.

    ``known`` are the kinds of row that get in without one: of these only whether is asked, and not
    with which columns.
    """
    for rows, given, states in _places(plan, knocker):
        for state in states:
            found = inserts_of(plan, knocker, rows, given, state)
            yield from islice(found, 1) if rows in known else found


def inserts_on_top(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield new rows with each further state on top of the one without which they do not get in."""
    mine = {
        cell.rows
        for cell in cells
        if (cell.persona, cell.command) == (knocker.name, "insert") and cell.succeeds
    }
    if any(" [" in rows for rows in mine):
        yield from islice(_on_top(plan, knocker, mine), _MOST)


def _on_top(plan: Plan, knocker: Knocker, mine: Collection[str]) -> Iterator[Probe]:
    for rows, given, states in _places(plan, knocker):
        opening = [state for state in states if f"{rows} [{state[0]}]" in mine]
        done: list[State] = []
        for one in opening if rows not in mine else ():
            done.append(one)
            for other in states:
                if other not in done and not columns_of(one[0]) & columns_of(other[0]):
                    both = f"{one[0]}, {other[0]}", f"{one[1]}; {other[1]}"
                    yield from islice(inserts_of(plan, knocker, rows, given, both), 1)


def _places(
    plan: Plan, knocker: Knocker
) -> Iterator[tuple[str, Mapping[str, str | None], list[State]]]:
    """Yield each kind of new row, with the states of what it hangs below.

    Below somebody else's parent one's own is in the same state: a policy may take it for the right
    one.
    """
    states = tuple(plan.states_for_new(knocker))
    home = plan.home(knocker) if states and knocker.actor is not None else OWNER
    mine = plan.same_above(home) if home != OWNER else {}
    for rows, wanted in insert_classes(plan, knocker) if states else ():
        given = plan.fitted(wanted)
        if given is not None:
            yield (
                rows,
                given,
                [
                    (name, after(preparation, mine.get(name)) or preparation)
                    for fk, name, preparation in states
                    if fk is None
                    or all(given.get(n) == plan.parent_value(fk, n, OWNER) for n in fk.columns)
                ],
            )


def inserts_among(plan: Plan, knocker: Knocker) -> Iterator[Probe]:
    """Yield the owner's new row where he has as many as something counts."""
    if knocker.actor != OWNER or knocker.brief or not plan.owner.counted or plan.slot is not None:
        return
    for rows, wanted in insert_classes(plan, knocker):
        given = plan.fitted(wanted)
        if given is not None and rows == "own":
            for state in states_when_counted(plan.catalog, plan.world, plan.owner.counted):
                yield from islice(inserts_of(plan, knocker, rows, given, state), 1)
