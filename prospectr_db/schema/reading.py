"""What is read of a live database: its schema and what lies on the platform, never a row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.database.catalog import PLATFORM_SCHEMAS
from prospectr_db.database.connection import connect
from prospectr_db.database.diagnosis import diagnose
from prospectr_db.database.snapshot import HOUSEKEEPING, Snapshot, take
from prospectr_db.database.target import Target
from prospectr_db.errors import UsageError
from prospectr_db.migrations.pooling import is_transaction_pooler
from prospectr_db.resources import sql_files, sql_text
from prospectr_db.schema.dumping import dump
from prospectr_db.schema.entries import Entry, read_entries

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["ADDITIONS", "CLUSTER", "Schema", "Statement", "read_schema", "statements"]

CLUSTER, ADDITIONS = "catalog/cluster", "catalog/additions"
"""Folders of questions whose answers are statements: about roles, and on the platform's objects."""

_REVISION = "1"
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Statement:
    """One fact as SQL: its name, the statement that makes it so, and the one that undoes it."""

    name: str
    make: str
    unmake: str | None


@dataclass(frozen=True, slots=True)
class Schema:
    """A database's schema as it was at one moment, with all that a copy needs.

    ``version`` is the major version; ``shape`` the whole catalog, to hold a copy to; ``cluster``
    and ``additions`` are by the name of their question; ``empty`` are materialized views that were
    never filled. ``exposed`` is None where the database
    does not say which schemas the API shows.
    """

    target: str
    version: int
    platform: frozenset[str]
    entries: tuple[Entry, ...]
    shape: Snapshot
    cluster: Mapping[str, tuple[Statement, ...]]
    additions: Mapping[str, tuple[Statement, ...]]
    buckets: tuple[Mapping[str, Any], ...]
    empty: tuple[str, ...]
    exposed: tuple[str, ...] | None

    @property
    def digest(self) -> str:
        """Return a hash of everything that a copy is made from."""
        parts: list[object] = [_REVISION, self.version, [entry.sql for entry in self.entries]]
        parts += [_plain(self.cluster), _plain(self.additions), [*self.buckets, *self.empty]]
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def read_schema(target: Target, find_program: Callable[[int], Path]) -> Schema:
    """Read a database's schema in one read-only transaction, all of it at the same moment.

    ``find_program`` returns a pg_dump for a server's major version. Tables are locked as by a
    SELECT, for the moment. Raises ProspectrError.
    """
    with connect(target) as connection:
        # A transaction's own mode and not a startup option: poolers drop those.
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        try:
            return _read(connection, target, find_program)
        except psycopg.Error as error:
            raise diagnose(error) from error
        finally:
            connection.rollback()


def _read(
    connection: Connection[Any], target: Target, find_program: Callable[[int], Path]
) -> Schema:
    if is_transaction_pooler(connection):
        raise UsageError(
            "The schema cannot be read through a transaction pooler: pg_dump needs a session, and "
            "its settings would stay with the server connections that others use.",
            hint="Use the session pooler (port 5432 on Supabase) or the direct connection.",
        )
    version = connection.info.server_version // 10_000
    program = find_program(version)
    connection.execute(f"set local statement_timeout = '{_SECONDS}s'".encode())
    connection.execute("set local search_path = ''")
    row = connection.execute("select pg_catalog.pg_export_snapshot()").fetchone()
    assert row is not None  # noqa: S101 - a function's result is one row
    platform = frozenset(PLATFORM_SCHEMAS) - {"information_schema"}
    text = dump(
        program,
        connection,
        target,
        snapshot=row[0],
        exclude=_exclusions(connection, sorted(platform)),
    )
    return Schema(
        target=target.name,
        version=version,
        platform=platform,
        entries=read_entries(text),
        shape=take(connection),
        cluster=statements(connection, CLUSTER, platform),
        additions=statements(connection, ADDITIONS, platform),
        buckets=_buckets(connection),
        empty=_names(connection, "rebuild/unpopulated.sql"),
        exposed=_exposed(connection),
    )


def statements(
    connection: Connection[Any], folder: str, platform: frozenset[str]
) -> dict[str, tuple[Statement, ...]]:
    """Ask every question of a folder; the connection's search_path must be empty."""
    parameters = {"platform": sorted(platform - frozenset(HOUSEKEEPING))}
    found = {}
    for path in sql_files(folder):
        rows = connection.execute(sql_text(f"{folder}/{path.name}"), parameters).fetchall()
        found[path.stem] = tuple(Statement(*row) for row in rows)
    return found


def _exclusions(connection: Connection[Any], platform: Sequence[str]) -> list[str]:
    """Return the options that keep pg_dump away from what is Supabase's.

    A platform schema in which a project made something of its own is dumped, without the tables
    that are not its own: they would be locked for nothing, or not be readable at all.
    """
    rows = connection.execute(
        sql_text("rebuild/own_in_platform.sql"), {"platform": list(platform)}
    ).fetchall()
    mixed = {schema for schema, _, _, is_own in rows if is_own} - set(HOUSEKEEPING)
    options = [f"--exclude-schema={_pattern(schema)}" for schema in platform if schema not in mixed]
    options += [
        f"--exclude-table={_pattern(schema)}.{_pattern(name)}"
        for schema, kind, name, is_own in rows
        if schema in mixed and kind == "relation" and not is_own
    ]
    return options


def _pattern(name: str) -> str:
    """Quote a name so that pg_dump takes it as it is."""
    return '"' + name.replace('"', '""') + '"'


def _buckets(connection: Connection[Any]) -> tuple[Mapping[str, Any], ...]:
    row = connection.execute(
        "select pg_catalog.has_table_privilege(oid, 'select') from pg_catalog.pg_class"
        " where oid = pg_catalog.to_regclass('storage.buckets')"
    ).fetchone()
    if row is None or not row[0]:
        return ()
    rows = connection.execute(sql_text("rebuild/buckets.sql")).fetchall()
    return tuple(settings for (settings,) in rows)


def _names(connection: Connection[Any], question: str) -> tuple[str, ...]:
    return tuple(name for (name,) in connection.execute(sql_text(question)).fetchall())


def _exposed(connection: Connection[Any]) -> tuple[str, ...] | None:
    row = connection.execute(sql_text("rebuild/exposed.sql")).fetchone()
    if row is None:
        return None
    return tuple(name.strip().strip('"') for name in row[0].split(",") if name.strip())


def _plain(found: Mapping[str, tuple[Statement, ...]]) -> list[tuple[str, str]]:
    return [(item.name, item.make) for items in found.values() for item in items]
