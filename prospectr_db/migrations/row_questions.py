"""What pending migrations ask of the rows that are there, and which values they throw away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from psycopg import Connection


__all__ = ["MOST", "Kind", "RowQuestion", "ask", "quoted"]

MOST = 100
"""Rows are counted up to here: a question that is answered shall not read on."""

_SECONDS = 5
_BEGIN = sql.SQL(
    "set transaction read only;"
    " set local statement_timeout = {}; set local lock_timeout = '1s'; set local search_path = ''"
).format(sql.Literal(f"{_SECONDS}s"))
_COUNT = sql.SQL("select pg_catalog.count(*) from (select from ({}) as found limit {}) as counted")

Kind = Literal[
    "not null", "check", "foreign key", "unique", "new column", "column", "table", "rows", "type"
]
_LOSSES = frozenset({"column", "table", "rows"})
_HAS_TO: Mapping[Kind, str] = {
    "not null": "every row of {table} must have a value in {about}",
    "check": "every row of {table} must keep the check {about}",
    "foreign key": "every row of {table} must keep the foreign key {about}",
    "unique": "the rows of {table} must be unique under {about}",
    "new column": "{table} must be empty: the new column {about} has no default and must be filled",
    "type": "every value of {table} must fit its new type: {about}",
    "column": "the values of {table}.{about} are dropped",
    "table": "the rows of {table} are dropped",
    "rows": "the rows of {table} are deleted",
}
_FOUND: Mapping[Kind, str] = {
    "not null": "{rows} of {table} without a value in {about}",
    "check": "{rows} of {table} against the check {about}",
    "foreign key": "{rows} of {table} pointing at nothing under the foreign key {about}",
    "unique": "{table} has the same more than once under {about} ({rows})",
    "new column": "{rows} in {table}, and the new column {about} has no default",
    "type": "{rows} of {table} that do not fit {about}",
    "column": "drops the values of {table}.{about} in {rows}",
    "table": "drops {table} with {rows}",
    "rows": "deletes {rows} of {table}",
}
_KEPT: Mapping[Kind, str] = {
    "not null": "every row of {table} has a value in {about}",
    "check": "every row of {table} keeps the check {about}",
    "foreign key": "every row of {table} keeps the foreign key {about}",
    "unique": "the rows of {table} are unique under {about}",
    "new column": "{table} is empty, so its new column {about} needs no default",
    "type": "every value of {table} fits {about}",
    "column": "{table}.{about} is dropped, and no row has a value there",
    "table": "{table} is dropped, and is empty",
    "rows": "{table} is emptied, and is empty",
}


@dataclass(frozen=True, slots=True)
class RowQuestion:
    """One thing that depends on a table's rows: a rule that they must keep, or a loss of them.

    ``about`` is the column or the rule. ``query`` finds the rows concerned, None where none can be
    written; ``found`` counts them up to MOST + 1, None where it was not asked: ``error`` then says
    why. ``changed_before`` is whether a pending statement writes to the table first.
    """

    file: str
    line: int
    kind: Kind
    table: str
    about: str
    query: str | None
    changed_before: bool = False
    found: int | None = None
    error: str | None = None

    @property
    def is_loss(self) -> bool:
        """Whether values are thrown away, rather than a rule broken."""
        return self.kind in _LOSSES

    @property
    def sentence(self) -> str:
        """What was found, or what has to hold, in words without a full stop."""
        if self.found is None:
            return _HAS_TO[self.kind].format(table=self.table, about=self.about)
        rows = f"more than {MOST} rows" if self.found > MOST else f"{self.found} rows"
        words = _KEPT if not self.found else _FOUND
        return words[self.kind].format(
            table=self.table, about=self.about, rows="1 row" if self.found == 1 else rows
        )


def ask(connection: Connection[Any], questions: Sequence[RowQuestion]) -> tuple[RowQuestion, ...]:
    """Put each question to the target, read-only and for no more than a few seconds each."""
    return tuple(_answered(connection, question) for question in questions)


def _answered(connection: Connection[Any], question: RowQuestion) -> RowQuestion:
    if question.query is None:
        return replace(question, error="no query can tell")
    query = _COUNT.format(quoted(question.query), sql.Literal(MOST + 1))
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(_BEGIN)
            row = connection.execute(query).fetchone()
    except psycopg.errors.QueryCanceled:
        return replace(question, error=f"no answer within {_SECONDS} s")
    except psycopg.Error as error:
        if connection.closed:
            raise
        return replace(question, error=str(error).splitlines()[0])
    return replace(question, found=row[0] if row else None)


def quoted(text: str) -> sql.SQL:
    """Take a name or an expression that the server itself has quoted."""
    return sql.SQL(text)
