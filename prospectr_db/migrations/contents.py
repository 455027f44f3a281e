"""Whether two databases hold the same rows, told by digests; what differs with every run apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from prospectr_db.database.connection import connect, connect_admin
from prospectr_db.database.target import Target
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Contents", "Difference", "compare_contents", "read_contents", "reader"]

_ROWS = sql.SQL(
    "select pg_catalog.count(*),"
    " pg_catalog.md5(coalesce(pg_catalog.string_agg(h, '' order by h), ''))"
    " from (select pg_catalog.md5(({})::text) as h from {}) as hashed"
)
_SEQUENCES = (
    "select schemaname::text, sequencename::text, coalesce(last_value::text, 'not used')"
    " from pg_catalog.pg_sequences where schemaname <> 'supabase_migrations' order by 1, 2"
)

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds: per table its columns, number of rows and digest; its sequences."""

    columns: Mapping[Name, tuple[str, ...]]
    tables: Mapping[Name, tuple[int, str]]
    sequences: Mapping[Name, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """One table or sequence that holds something else: ``what`` in words."""

    name: str
    what: str


@contextmanager
def reader(target: Target) -> Iterator[Connection[Any]]:
    """Connect as whoever sees every row of a copy of ours."""
    open_ = connect_admin if target.admin is not None else connect
    with open_(target, autocommit=True) as connection:
        yield connection


def read_contents(connection: Connection[Any]) -> Contents:
    """Digest every table, and read where every sequence stands."""
    columns = {
        (schema, table): tuple(names)
        for schema, table, names in connection.execute(sql_text("migrations/contents.sql"))
    }
    return Contents(
        columns,
        {name: _digest(connection, name, columns[name]) for name in columns},
        {(schema, name): value for schema, name, value in connection.execute(_SEQUENCES)},
    )


def compare_contents(
    old: tuple[Connection[Any], Contents],
    new: tuple[Connection[Any], Contents],
    again: Callable[[], Connection[Any]],
) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    """Return what differs, and the columns that could not be compared.

    ``again`` connects to a second build of the old database, asked for only when a table differs:
    a column that comes out otherwise there too (clocks, random identifiers) says nothing.
    """
    differences = [
        Difference(".".join(name), f"{_said(before)} before, {_said(after)} after")
        for name in sorted(old[1].tables.keys() | new[1].tables.keys())
        if (before := old[1].tables.get(name, (0, ""))[0])
        != (after := new[1].tables.get(name, (0, ""))[0])
    ]
    differences += [
        Difference(".".join(name), f"the sequence is at {at} before, at {now} after")
        for name in sorted(old[1].sequences.keys() | new[1].sequences.keys())
        if (at := old[1].sequences.get(name, "nothing"))
        != (now := new[1].sequences.get(name, "nothing"))
    ]
    suspects = [
        name
        for name in sorted(old[1].tables.keys() & new[1].tables.keys())
        if old[1].tables[name] != new[1].tables[name]
        and old[1].tables[name][0] == new[1].tables[name][0]
    ]
    if not suspects:
        return tuple(differences), ()
    third, unproven = again(), []
    for name in suspects:
        columns = old[1].columns[name]
        varying = [
            column
            for column in columns
            if _digest(old[0], name, [column]) != _digest(third, name, [column])
        ]
        unproven += [".".join((*name, column)) for column in varying]
        steady = [column for column in columns if column not in varying]
        if _digest(old[0], name, steady) != _digest(new[0], name, steady):
            wrong = [
                column
                for column in steady
                if _digest(old[0], name, [column]) != _digest(new[0], name, [column])
            ]
            where = f"in {', '.join(wrong)}" if wrong else "in which values stand in one row"
            differences.append(Difference(".".join(name), f"the rows differ {where}"))
    return tuple(differences), tuple(unproven)


def _said(rows: int) -> str:
    return f"{rows} row{'' if rows == 1 else 's'}"


def _digest(connection: Connection[Any], name: Name, columns: Sequence[str]) -> tuple[int, str]:
    """Return how many rows there are, and a digest of these columns whatever the rows' order."""
    values = sql.SQL("row({})").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
    row = connection.execute(_ROWS.format(values, sql.Identifier(*name))).fetchone()
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return row[0], row[1]
