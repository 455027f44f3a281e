"""Columns that stay as they are while a row is in a state: a trigger keeps them so, or refuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prospectr_db.access.matrix.matrix import TOGETHER, Cell, Verdict
from prospectr_db.access.matrix.row_classes import states_of

__all__ = ["Frozen", "frozen_columns"]


@dataclass(frozen=True, slots=True)
class Frozen:
    """What one persona can change of a row, and cannot in a state in which he changes others.

    ``columns`` are names, with a value where the column may have others: ``status=draft`` is what
    the row cannot become. ``statement`` is one that did not get through, ``reason`` the server's
    message to it.
    """

    persona: str
    rows: str
    columns: tuple[str, ...]
    statement: str
    reason: str | None


def frozen_columns(cells: Iterable[Cell]) -> tuple[Frozen, ...]:
    """Return what is frozen in which rows.

    Where nothing of a row can be changed in a state, the state keeps out, which is told otherwise.
    What a policy rejects is no trigger's doing, and what a constraint refuses is of the value.
    """
    tried: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        told = cell.column is not None and TOGETHER not in cell.column
        if told and (cell.command, cell.form) == ("update", "where"):
            tried.setdefault((cell.persona, cell.rows), []).append(cell)
    found = []
    for (persona, rows), mine in tried.items():
        plain = tried.get((persona, rows.partition(" [")[0]), ())
        if not states_of(rows) or not any(cell.succeeds for cell in mine):
            continue
        stopped = list(_stopped(mine, plain))
        if stopped:
            columns = tuple(sorted({name for name, _ in stopped}))
            _, first = stopped[0]
            found.append(Frozen(persona, rows, columns, first.statement, first.reason))
    return tuple(sorted(found, key=lambda one: (one.persona, one.rows)))


def _stopped(cells: Iterable[Cell], plain: Iterable[Cell]) -> Iterator[tuple[str, Cell]]:
    """Yield what does not get through of a row in a state, and does without it."""
    usual = {cell.column for cell in plain}
    through = {cell.column for cell in plain if cell.succeeds}
    names = {_name(column) for column in through}
    changed = {cell.column for cell in cells if cell.succeeds}
    for cell in cells:
        name = _name(cell.column)
        if cell.column in changed or not _is_kept(cell) or name not in names:
            continue
        if cell.column in through or cell.column not in usual:
            whole = all(_name(column) != name for column in changed)
            yield (name if whole else cell.column or name), cell


def _is_kept(cell: Cell) -> bool:
    """Whether a trigger refused, or let the statement pass and the value stay."""
    refused = cell.verdict is Verdict.REFUSED and not cell.constraint
    return refused or cell.verdict is Verdict.FILTERED


def _name(column: str | None) -> str:
    return (column or "").partition("=")[0]
