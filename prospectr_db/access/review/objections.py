"""How an objection to one access is put: by which rule, how grave, and in which words."""

from __future__ import annotations

from collections.abc import Sequence

from prospectr_db.access.matrix.finding import ROW_SECURITY, Finding, Kind, Severity
from prospectr_db.access.matrix.matrix import Access, TableAccess
from prospectr_db.access.review.phrases import phrase

__all__ = ["cause_of", "objection"]


def objection(
    table: TableAccess,
    access: Access,
    rule: str,
    severity: Severity = "error",
    *,
    kind: Kind = "leak",
    columns: Sequence[str] | None = None,
    sentence: str | None = None,
) -> Finding:
    """Return the objection to one access, in its own words unless other ones are given."""
    return Finding(
        kind,
        severity,
        table.relation,
        access.persona,
        access.rows,
        access.command,
        tuple(access.columns if columns is None else columns),
        (sentence or phrase(table, access)) + ".",
        access.statement,
        rule,
        cause_of(table, access.command),
    )


def cause_of(table: TableAccess, command: str) -> str:
    """Return the rule of what everything follows from that somebody does to a table, or nothing.

    Where row-level security is off there is nothing else that keeps anybody from a row; of TRUNCATE
    it never does.
    """
    return "" if table.rls or table.kind != "table" or command == "truncate" else ROW_SECURITY
