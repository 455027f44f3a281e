"""The record of what was applied: the Supabase CLI's own tables, in its own form."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.database.diagnosis import diagnose
from prospectr_db.database.statements import split
from prospectr_db.errors import ProspectrError
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = [
    "INSERT",
    "Layout",
    "Recorded",
    "digest",
    "ensure_history",
    "ensure_seed_files",
    "read_history",
    "read_layout",
    "read_statements",
    "recorded_seeds",
]

INSERT = (
    "insert into supabase_migrations.schema_migrations (version, name, statements)"
    " values (%s, %s, %s)"
)
_SEPARATOR = "\x1f"
_NEEDED = {"version", "statements", "name"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One row of the history; ``digest`` is None where no statements were stored."""

    version: str
    name: str
    digest: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Which tables of the history exist, with their columns."""

    history: frozenset[str]
    seeds: bool
    unfinished: bool
    repeatable: bool


def digest(statements: Iterable[str]) -> str:
    """Return the digest by which a file's statements and stored ones are compared."""
    return hashlib.sha256(_SEPARATOR.join(statements).encode()).hexdigest()


def read_layout(connection: Connection[Any]) -> Layout:
    """Look which tables of the history exist."""
    rows = dict(connection.execute(sql_text("migrations/layout.sql")).fetchall())
    return Layout(
        history=frozenset(rows.get("schema_migrations", ())),
        seeds="seed_files" in rows,
        unfinished="prospectr_unfinished" in rows,
        repeatable="prospectr_repeatable" in rows,
    )


def read_history(connection: Connection[Any]) -> tuple[Recorded, ...]:
    """Return every applied migration by version; an absent or older table is understood."""
    try:
        with connection.transaction():
            rows = connection.execute(sql_text("migrations/history.sql")).fetchall()
    except psycopg.errors.UndefinedTable:
        return ()
    except psycopg.errors.UndefinedColumn:
        rows = connection.execute(
            "select version, '', null from supabase_migrations.schema_migrations order by version"
        ).fetchall()
    except psycopg.errors.InsufficientPrivilege as error:
        raise ProspectrError(
            "This login may not read supabase_migrations.schema_migrations.",
            hint="Connect as postgres, the role that migrations run as.",
            sqlstate=error.sqlstate,
        ) from error
    found = [Recorded(*row) for row in rows]
    return tuple(sorted(found, key=lambda row: row.version))


def read_statements(
    connection: Connection[Any], versions: Sequence[str]
) -> dict[str, tuple[str, ...] | None]:
    """Return the stored statements of some versions, None where none were stored."""
    rows = connection.execute(
        "select version, statements from supabase_migrations.schema_migrations"
        " where version = any(%s)",
        (list(versions),),
    ).fetchall()
    return {
        version: None if statements is None else tuple(statements) for version, statements in rows
    }


def recorded_seeds(connection: Connection[Any]) -> dict[str, str]:
    """Return the hash under which each seed was recorded, by path."""
    try:
        with connection.transaction():
            rows = connection.execute(
                "select path, hash from supabase_migrations.seed_files"
            ).fetchall()
    except psycopg.errors.UndefinedTable:
        return {}
    return dict(rows)


def ensure_history(connection: Connection[Any]) -> None:
    """Create what is missing of the history table, and nothing else."""
    if not read_layout(connection).history >= _NEEDED:
        _create(connection, "migrations/create_history.sql")


def ensure_seed_files(connection: Connection[Any]) -> None:
    """Create the table that records seeds where it is missing."""
    if not read_layout(connection).seeds:
        _create(connection, "migrations/create_seed_files.sql")


def _create(connection: Connection[Any], resource: str) -> None:
    """Run one of our own files; two runs may try at once, so one that lost looks again."""
    try:
        with connection.transaction():
            for statement in split(sql_text(resource)):
                connection.execute(statement.text.encode())
    except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable):
        # Another run created it between our look and our attempt: "if not exists" is no lock.
        with connection.transaction():
            for statement in split(sql_text(resource)):
                connection.execute(statement.text.encode())
    except psycopg.Error as error:
        raise diagnose(error) from error
