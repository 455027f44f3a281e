"""Two columns that may change only at once: a policy compares them, or a trigger does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations, islice
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.matrix import TOGETHER, Cell, Verdict
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.reach import trigger_source
from prospectr_db.access.probes.update import new_values
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.writing.statements import update
from prospectr_db.database.catalog import Column

if TYPE_CHECKING:
    from prospectr_db.access.probes.probes import Plan

__all__ = ["two_columns"]

_MOST = 30
"""Statements per persona and relation."""


def two_columns(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield changing each two columns of the usual row of which neither could be changed alone.

    Only such as a policy's check, or a trigger, names together; to new values, and to none.
    """
    row, role = plan.targets.get(OWNER), knocker.persona.role
    if row is None or knocker.brief or plan.slot is not None or role in plan.catalog.above_rls:
        return
    rows = plan.row_class(knocker, OWNER)
    through: set[str] = set()
    closed: set[str] = set()
    for cell in cells:
        mine = (cell.persona, cell.rows, cell.command) == (knocker.name, rows, "update")
        for name in (cell.column or "").partition("=")[0].split(TOGETHER) if mine else ():
            got = cell.succeeds
            kept_out = cell.verdict in (Verdict.REJECTED, Verdict.REFUSED)
            (through if got else closed if kept_out else set()).add(name)
    settled = {*plan.owner.users, *plan.owner.states, *plan.relation.primary_key}
    columns = [
        column
        for column in plan.relation.updatable(role)
        if column.name in closed - through - settled
    ]
    said = [policy.check or policy.using or "" for policy in plan.relation.policies]
    texts = [*said, trigger_source(plan.catalog, plan.relation)]
    words = [set(re.findall(r"\w+", text)) for text in texts]
    pairs = (p for p in combinations(columns, 2) if any({c.name for c in p} <= w for w in words))
    for values in islice((v for pair in pairs for v in _values(plan, knocker, pair)), _MOST):
        text, shown = update(plan.relation, values, plan.where(row)), TOGETHER.join(values)
        asked = plan.changed(next(iter(values)))
        yield Probe(row.label, rows, "update", "where", shown, text, None, asked)


def _values(
    plan: Plan, knocker: Knocker, pair: tuple[Column, ...]
) -> Iterator[dict[str, str | None]]:
    yield {column.name: next(new_values(plan, knocker, column)) for column in pair}
    if not any(column.not_null for column in pair):
        yield {column.name: None for column in pair}
