"""Where a database's sequences stand, and how they are put back: a rollback leaves them moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from psycopg import sql

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Position", "put_sequences_back", "sequence_positions"]

Position = tuple[int, bool]
"""A sequence's last value, and whether it was given out (manual, CREATE SEQUENCE, "Notes")."""

# Each sequence is a relation of its own; so many are asked in one statement.
_AT_ONCE = 200


def sequence_positions(connection: Connection[Any]) -> dict[tuple[str, str], Position]:
    """Return the position of every sequence, by schema and name; the login must see them all."""
    names = connection.execute(
        "select n.nspname, c.relname from pg_catalog.pg_class as c"
        " inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid"
        " where c.relkind = 'S' and c.relpersistence <> 't'"
        " order by n.nspname, c.relname"
    ).fetchall()
    found: dict[tuple[str, str], Position] = {}
    for start in range(0, len(names), _AT_ONCE):
        asked = [
            sql.SQL("select {}, {}, last_value, is_called from {}").format(
                sql.Literal(schema), sql.Literal(name), sql.Identifier(schema, name)
            )
            for schema, name in names[start : start + _AT_ONCE]
        ]
        for schema, name, last, called in connection.execute(sql.SQL(" union all ").join(asked)):
            found[schema, name] = last, called
    return found


def put_sequences_back(
    connection: Connection[Any], positions: Mapping[tuple[str, str], Position]
) -> None:
    """Set every sequence that has moved to where it stood."""
    now = sequence_positions(connection)
    moved = [
        sql.SQL("select pg_catalog.setval({}, {}, {})").format(
            sql.Literal(sql.Identifier(*place).as_string(connection)),
            sql.Literal(position[0]),
            sql.Literal(position[1]),
        )
        for place, position in positions.items()
        if now.get(place, position) != position
    ]
    for start in range(0, len(moved), _AT_ONCE):
        connection.execute(sql.SQL("; ").join(moved[start : start + _AT_ONCE]))
