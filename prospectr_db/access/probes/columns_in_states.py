"""Which columns of a row may be changed by who gets at it in a state only: a shared budget's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prospectr_db.access.matrix.matrix import Cell
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.update import new_values
from prospectr_db.access.writing.statements import update

__all__ = ["columns_in_states"]

_MOST = 3
"""States of each row: what a trigger keeps closed in one it keeps closed in others."""


def columns_in_states(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield changing every column of rows that could be changed in a state, and not without one.

    Only one column was changed there, which said whether policies let him. A trigger may keep
    others from him. Whom a row names is another matter: that he gives it away is tried of it in no
    state.
    """
    role = knocker.persona.role
    if plan.slot is not None or role in plan.catalog.above_rls:
        return
    tried: dict[str, set[str]] = {}
    got: dict[str, set[str]] = {}
    for cell in cells:
        if (cell.persona, cell.command, cell.form) == (knocker.name, "update", "where"):
            changed = (cell.column or "").partition("=")[0]
            tried.setdefault(cell.rows, set()).add(changed)
            if cell.succeeds:
                got.setdefault(cell.rows, set()).add(changed)
    granted = plan.relation.updatable(role)
    for key, row in plan.targets_of(knocker).items():
        base = plan.row_class(knocker, key)
        if got.get(base) or len(granted) < 2:
            continue
        left = 1 if knocker.brief else _MOST
        for name, preparation in plan.variants(row, knocker=knocker):
            rows = f"{base} [{name}]"
            # Who can only take the row out of its state is asked what he changes with it.
            if not left or got.get(rows, set()) <= {name.partition("=")[0]}:
                continue
            left -= 1
            found = plan.in_state(row, name)
            for column in granted:
                if column.name in tried[rows] or column.name in plan.owner.users:
                    continue
                for value in new_values(plan, knocker, column):
                    shown, asked = plan.shown(column, value), plan.changed()
                    text = update(plan.relation, {column.name: value}, plan.where(found))
                    known = row.label, rows, "update", "where", shown, text
                    yield Probe(*known, preparation, asked, value, plan.gate("where", row))
