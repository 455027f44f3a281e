"""Columns that a trigger keeps as they are while a row is in a state, and may otherwise change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prospectr_db.access.matrix.baselines import is_like_anybody, is_related
from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.matrix.matrix import Cell
from prospectr_db.access.matrix.row_classes import columns_of
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.guards import guards_of
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.update import for_another, new_values
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.access.writing.statements import update
from prospectr_db.database.catalog import Column

__all__ = ["frozen"]


def frozen(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield changing, in each state that triggers name, what they name of the owner's row.

    Of a row that this persona may change without the state. A trigger compares what a row was with
    what it becomes, as no policy can: what it says of one column it does not say of another.
    """
    row, role = plan.targets.get(OWNER), knocker.persona.role
    if row is None or not plan.relation.triggers or not _is_told(plan, knocker):
        return
    guards = guards_of(plan.catalog, plan.relation, "update")
    base = plan.row_class(knocker, OWNER)
    tried: dict[str, set[str]] = {}
    changed = False
    for cell in cells:
        if (cell.persona, cell.command, cell.form) == (knocker.name, "update", "where"):
            tried.setdefault(cell.rows, set()).add(cell.column or "")
            changed = changed or (cell.rows == base and cell.succeeds)
    if not changed or not guards.compare:
        return
    granted = [column for column in plan.relation.updatable(role) if guards.names(column.name)]
    for name, preparation in plan.variants(knocker=knocker):
        rows = f"{base} [{name}]"
        if guards.says(*(word for column in columns_of(name) for word in column.split("."))):
            for column in granted:
                for value in _others(plan, knocker, column, name, row):
                    shown = plan.shown(column, value)
                    if shown in tried.get(rows, ()):
                        continue
                    found = plan.in_state(row, name)
                    text = update(plan.relation, {column.name: value}, plan.where(found))
                    asked, gate = plan.changed_in(column.name, name), plan.gate("where", row)
                    known = row.label, rows, "update", "where", shown, text, preparation
                    yield Probe(*known, asked, value, gate)


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
