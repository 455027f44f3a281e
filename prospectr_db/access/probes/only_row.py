"""Changes without WHERE of a row that is the only one there: none of its user's stands in the way.

PostgreSQL asks no policy about SELECT then, of the row before or after (manual, "CREATE POLICY").
But one row that may not go there ends the statement for all of them, and most users have several.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.matrix import Cell, Verdict
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.signing import blind_signings
from prospectr_db.access.probes.update import for_another, new_values
from prospectr_db.access.writing.statements import update

if TYPE_CHECKING:
    from prospectr_db.access.probes.probes import Plan

__all__ = ["only_row"]

_MOST = 60
"""Statements per persona, relation and kind."""


def only_row(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield changing each column that could not be, and signing, of a row without all others."""
    role = knocker.persona.role
    if knocker.brief or plan.slot is not None or role in plan.catalog.above_rls:
        return
    if not plan.relation.rls or not plan.relation.primary_key:
        return
    mine = [cell for cell in cells if cell.persona == knocker.name]
    yield from islice(_changes(plan, knocker, mine), _MOST)
    yield from islice(blind_signings(plan, knocker, mine), _MOST)


def _changes(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield those of columns: a check refused each with WHERE, and without it on some row."""
    refused: dict[str, set[tuple[str, str | None]]] = {"where": set(), "no where": set()}
    through: set[tuple[str, str | None]] = set()
    for cell in cells:
        if cell.command == "update" and cell.form in refused:
            if cell.succeeds:
                through.add((cell.rows, cell.column))
            elif cell.verdict is Verdict.REJECTED:
                refused[cell.form].add((cell.rows, cell.column))
    ended = {column for _, column in refused["no where"]}
    left = {(rows, column) for rows, column in refused["where"] - through if column in ended}
    columns = plan.relation.updatable(knocker.persona.role) if left else ()
    for key, row in plan.targets_of(knocker).items():
        rows = plan.row_class(knocker, key)
        for column in columns:
            for value in new_values(plan, knocker, column):
                shown = plan.shown(column, value)
                if (rows, shown) not in left:
                    continue
                other = for_another(plan, column, row, value) if rows == "own" else value
                text, alone = update(plan.relation, {column.name: other}), plan.alone(row)
                asked = plan.changed(column.name)
                yield Probe(row.label, rows, "update", "no where", shown, text, alone, asked, other)
