"""Columns that stay as they are while a row is in a state: a trigger keeps them so, or refuses."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from prospectr_db.access.matrix.matrix import TOGETHER, Cell, Verdict
from prospectr_db.access.matrix.row_classes import plainer, states_of

__all__ = ["Frozen", "frozen_columns"]


@dataclass(frozen=True, slots=True)
class Frozen:
    """What one persona can change of a row, and cannot in a state in which he changes others.

    ``columns`` are names, with a value where the column may have others: ``status=draft`` is what
    the row cannot become. ``thawed`` are those that he can change in the state only. ``statement``
    is one that did not get through, or only there, ``reason`` the server's message to it.
    """

    persona: str
    rows: str
    columns: tuple[str, ...]
    statement: str
    reason: str | None
    thawed: tuple[str, ...] = ()


def frozen_columns(cells: Iterable[Cell]) -> tuple[Frozen, ...]:
    """Return what is frozen, and what is thawed, in which rows.

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
        plain = _Tried(tried.get((persona, plainer(rows)), ()))
        there = _Tried(mine)
        if not states_of(rows) or not there.through or not plain.through:
            continue
        stopped = [
            c for c in mine if _is_kept(c) and plain.lets(c) and c.column not in there.through
        ]
        freed = [c for c in mine if c.succeeds and plain.keeps(c)]
        if stopped or freed:
            first = (stopped or freed)[0]
            columns = {c.column if _name(c) in there.names else _name(c) for c in stopped}
            thawed = {c.column for c in freed}
            said = first.statement, first.reason, tuple(sorted(filter(None, thawed)))
            found.append(Frozen(persona, rows, tuple(sorted(filter(None, columns))), *said))
    return tuple(sorted(found, key=lambda one: (one.persona, one.rows)))


class _Tried:
    """What was tried of a row, and which of it got through: columns, with a value or without."""

    def __init__(self, cells: Collection[Cell]) -> None:
        self.columns = {cell.column for cell in cells}
        self.through = {cell.column for cell in cells if cell.succeeds}
        self.names = {_name(cell) for cell in cells if cell.succeeds}

    def lets(self, cell: Cell) -> bool:
        """Whether a change gets through here; of a value that the row has, whether another does."""
        return cell.column in self.through or (
            cell.column not in self.columns and _name(cell) in self.names
        )

    def keeps(self, cell: Cell) -> bool:
        """Whether a change does not get through here; of a value that the row has, no other."""
        tried = cell.column in self.columns
        return cell.column not in self.through if tried else self._is_closed(cell)

    def _is_closed(self, cell: Cell) -> bool:
        name = _name(cell)
        others = [column for column in self.columns if (column or "").partition("=")[0] == name]
        return bool(others) and name not in self.names


def _is_kept(cell: Cell) -> bool:
    """Whether a trigger refused, or let the statement pass and the value stay."""
    refused = cell.verdict is Verdict.REFUSED and not cell.constraint
    return refused or cell.verdict is Verdict.FILTERED


def _name(cell: Cell) -> str:
    return (cell.column or "").partition("=")[0]
