"""How a psycopg error becomes one error value with file, line, column, SQLSTATE and a hint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg

from prospectr_db.errors import (
    ConnectionFailedError,
    ExtensionNotAvailableError,
    ProspectrError,
    SqlError,
)

__all__ = ["Source", "diagnose"]

_EXCERPT_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Source:
    """A piece of SQL and where it came from.

    ``text`` is the whole file; ``offset`` is the 0-based character in it at which the statement
    that was sent to the server begins.
    """

    path: Path | str
    text: str
    offset: int = 0


def diagnose(error: psycopg.Error, source: Source | None = None) -> ProspectrError:
    """Turn an error of the driver into ours, with its place in the file where the server gave one.

    A lost connection becomes a ConnectionFailedError, a missing extension an
    ExtensionNotAvailableError, everything else a SqlError.
    """
    diag = error.diag
    message = diag.message_primary or " ".join(str(error).split()) or type(error).__name__
    if error.sqlstate is None and isinstance(error, psycopg.OperationalError):
        return ConnectionFailedError(
            f"The connection was lost: {message}",
            hint="Nothing uncommitted was kept. Run it again when the server is back.",
        )
    line = column = excerpt = place = None
    if source is not None:
        position = int(diag.statement_position) - 1 if diag.statement_position else None
        line, column, excerpt = _locate(source, position)
        place = f"{source.path}:{line}:{column}"
    kind = ExtensionNotAvailableError if _is_missing_extension(error, message) else SqlError
    return kind(
        f"{place}: {message}" if place else message,
        hint=diag.message_hint or _hint(error.sqlstate),
        file=str(source.path) if source else None,
        line=line,
        column=column,
        excerpt=excerpt,
        sqlstate=error.sqlstate,
        severity=diag.severity_nonlocalized or diag.severity,
        detail=diag.message_detail,
        context=diag.context,
        schema=diag.schema_name,
        table=diag.table_name,
        constraint=diag.constraint_name,
    )


def _locate(source: Source, position: int | None) -> tuple[int, int, str]:
    """Return the 1-based line and column, and that line with a caret below."""
    if position is None:
        # The server gave no position: point at the statement's first word.
        rest = source.text[source.offset :]
        position = len(rest) - len(rest.lstrip())
    at = min(source.offset + position, len(source.text))
    start = source.text.rfind("\n", 0, at) + 1
    end = source.text.find("\n", at)
    content = source.text[start : end if end >= 0 else len(source.text)].rstrip("\r")
    column = at - start
    left = max(0, column - _EXCERPT_WIDTH * 3 // 4)
    shown = content[left : left + _EXCERPT_WIDTH].replace("\t", " ")
    line = source.text.count("\n", 0, at) + 1
    gutter = f"{line} | "
    caret = " " * (len(gutter) + column - left) + "^"
    return line, column + 1, f"{gutter}{shown}\n{caret}"


def _is_missing_extension(error: psycopg.Error, message: str) -> bool:
    return (
        error.sqlstate in {"0A000", "58P01"} and message.startswith("extension ")
    ) or "could not open extension control file" in message


_HINTS = {
    "53100": "The disk is full: free some space, then run this again.",
    "53300": "The server has no connection left: close some, or use the pooler's URL.",
    "25001": "This statement cannot run inside a transaction; put it in a migration of its own.",
    "42501": "The role that ran this lacks the right. On Supabase, auth, storage and realtime "
    "belong to the platform: add policies and triggers there, but keep your own tables and "
    "functions in your own schemas.",
    "42710": "It exists already. Was it created by hand, or by an earlier migration?",
    "42723": "It exists already; `create or replace function` replaces it.",
    "42P01": "Is the table created by a later migration, or is its schema missing from the name?",
    "42P07": "It exists already. Was it created by hand, or by an earlier migration?",
    "42601": "The SQL could not be parsed; look just before the caret.",
    "42883": "No function of that name takes these arguments. Is an extension or a schema missing?",
    "55P03": "Another session holds a lock on it; try again when that has finished.",
    "55P04": "A new enum value can be used only after its transaction committed: add the value in "
    "one migration and use it in the next.",
}


def _hint(sqlstate: str | None) -> str | None:
    return _HINTS.get(sqlstate or "")
