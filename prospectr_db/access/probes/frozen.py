"""Columns that a trigger keeps as they are while a row is in a state, and may otherwise change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from prospectr_db.access.matrix.baselines import is_like_anybody, is_related
from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.matrix.matrix import Cell
from prospectr_db.access.matrix.row_classes import columns_of
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.update import for_another, new_values, plain_column
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.access.writing.statements import update
from prospectr_db.database.catalog import Column

__all__ = ["frozen"]

_MOST = 3
"""States that let a row be changed, on top of which others are tried."""


def frozen(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield changing, in each state that triggers name, what they name of the owner's row.

    Of a row that this persona may change without the state, or in another one. A trigger compares
    what a row was with what it becomes, as no policy can: what it says of one column it does not
    say of another.
    """
    row, role = plan.targets.get(OWNER), knocker.persona.role
    if row is None or not plan.relation.triggers or not _is_told(plan, knocker):
        return
    guards = plan.guards
    base = plan.row_class(knocker, OWNER)
    tried: dict[str, set[str]] = {}
    changed: set[str] = set()
    for cell in cells:
        if (cell.persona, cell.command, cell.form) == (knocker.name, "update", "where"):
            tried.setdefault(cell.rows, set()).add(cell.column or "")
            changed |= {cell.rows} if cell.succeeds else set()
    granted = plan.relation.updatable(role)
    if not guards.compare or not granted:
        return
    # What they do not name shows whether anything can be changed there.
    others = (column for column in granted if not guards.names(column.name))
    plain = next(others, plain_column(plan, granted))
    granted = [column for column in granted if column is plain or guards.names(column.name)]
    for names, preparation in _states(plan, knocker, base, changed):
        rows, found = f"{base} [{', '.join(names)}]", plan.in_state(row, *names)
        for column in granted:
            for value in _others(plan, knocker, column, names[-1], row):
                shown = plan.shown(column, value)
                if shown in tried.get(rows, ()):
                    continue
                text = update(plan.relation, {column.name: value}, plan.where(found))
                asked, gate = plan.changed_in(column.name, names[-1]), plan.gate("where", row)
                known = row.label, rows, "update", "where", shown, text, preparation
                yield Probe(*known, asked, value, gate)


def _states(
    plan: Plan, knocker: Knocker, base: str, changed: Collection[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each state that triggers name, be it on top of one without which nothing changes."""
    states = dict(plan.variants(knocker=knocker))
    named = [
        name
        for name in states
        if plan.guards.says(*(word for column in columns_of(name) for word in column.split(".")))
    ]
    if base in changed:
        yield from (((name,), states[name]) for name in named)
        return
    opening = [name for name in states if f"{base} [{name}]" in changed][:_MOST]
    for first in opening:
        for name in named:
            if not columns_of(first) & columns_of(name):
                yield (first, name), f"{states[first]}; {states[name]}"


def _is_told(plan: Plan, knocker: Knocker) -> bool:
    """Whether a persona is told by himself, and bound by what there is."""
    compared = is_lesser(knocker.name) or is_related(knocker.name) or is_like_anybody(knocker.name)
    bound = knocker.persona.role not in plan.catalog.above_rls and plan.slot is None
    return bound and not knocker.brief and not compared


def _others(
    plan: Plan, knocker: Knocker, column: Column, state: str, row: Row
) -> Iterator[str | None]:
    """Yield what a column can become in a state: each other one, where it says the state."""
    if state.partition("=")[0] != column.name:
        for value in new_values(plan, knocker, column):
            yield for_another(plan, column, row, value)
        return
    for value in plan.owner.states.get(column.name, ()):
        if value is not None and plan.shown(column, value) != state:
            yield value
