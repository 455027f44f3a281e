"""One INSERT, and the row that a trigger had made before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.rows.attempts import Attempt
from prospectr_db.access.writing.statements import (
    equals,
    insert_returning,
    select_row,
    select_rows,
    update,
)
from prospectr_db.access.writing.values import is_enumerated
from prospectr_db.database.catalog import Relation

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["adopt", "comes_from_trigger", "find_seeded", "insert_row", "take_leftover"]

Values = dict[str, str | None]


def insert_row(
    connection: Connection[Any],
    relation: Relation,
    values: Mapping[str, str | None],
    *,
    forced: bool,
) -> Values | psycopg.Error | None:
    """Return the row as it is in the table, the refusal, or None where a trigger swallowed it.

    ``forced`` inserts past triggers and foreign keys.
    """
    quiet = "set local session_replication_role = replica;" if forced else ""
    loud = "set local session_replication_role = origin;" if forced else ""
    text = f"savepoint w;{quiet}{insert_returning(relation, values)};{loud}release savepoint w"
    try:
        cursor = connection.execute(text)
    except psycopg.Error as error:
        connection.execute("rollback to savepoint w")
        return error
    while cursor.description is None and cursor.nextset():
        pass
    return _named(relation, cursor.fetchone() if cursor.description else None)


def adopt(
    connection: Connection[Any], relation: Relation, attempt: Attempt, error: psycopg.Error
) -> Values | None:
    """Return the row that is already there, made by a trigger for the same owner.

    What the trigger left empty is filled in, as an application does it after the sign-up: the
    organisation that somebody belongs to, say.
    """
    if error.sqlstate != "23505":
        return None
    unique = next((u for u in relation.uniques if u.name == error.diag.constraint_name), None)
    if unique is None or not set(unique.columns) & attempt.fixed:
        return None
    values = attempt.values()
    where = {name: values[name] for name in unique.columns if values.get(name) is not None}
    row = _named(relation, connection.execute(select_row(relation, where)).fetchone())
    if row is None:
        return None
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    missing = {n: v for n, v in attempt.given.items() if n in linked and v and row[n] is None}
    if not missing:
        return row
    try:
        connection.execute(
            f"savepoint w;{update(relation, missing, equals(relation, where))};release savepoint w"
        )
    except psycopg.Error:
        connection.execute("rollback to savepoint w")
        return row
    return {**row, **missing}


def find_seeded(
    connection: Connection[Any],
    relation: Relation,
    attempt: Attempt,
    error: psycopg.Error,
    *,
    taken: Collection[Mapping[str, str | None]],
) -> Values | None:
    """Return the row that migrations made and that this one would have been, unless it is taken.

    Only where the values can be used up: of any other a new one is found that nobody has.
    """
    unique = next((u for u in relation.uniques if u.name == error.diag.constraint_name), None)
    values = attempt.values()
    if error.sqlstate != "23505" or unique is None or not unique.columns:
        return None
    if any(values.get(name) is None for name in unique.columns) or not all(
        name in attempt.fixed or is_enumerated(relation, relation.by_name[name])
        for name in unique.columns
    ):
        return None
    where = {name: values[name] for name in unique.columns}
    row = _named(relation, connection.execute(select_row(relation, where)).fetchone())
    return None if row is None or _is_among(relation, row, taken) else row


def take_leftover(
    connection: Connection[Any],
    relation: Relation,
    given: Mapping[str, str | None],
    *,
    taken: Collection[Mapping[str, str | None]],
) -> Values | None:
    """Return a row that is there where none can be added, with what was given and not taken yet.

    The last one is shared: a row that is nobody's stands for all users alike.
    """
    text = select_rows(relation, given, most=len(taken) + 1)
    found = [_named(relation, row) for row in connection.execute(text).fetchall()]
    rows = [row for row in found if row is not None]
    free = [row for row in rows if not _is_among(relation, row, taken)]
    return next(iter([*free, *rows]), None)


def _is_among(
    relation: Relation,
    row: Mapping[str, str | None],
    taken: Collection[Mapping[str, str | None]],
) -> bool:
    names = relation.primary_key or tuple(row)
    return any(all(other[name] == row[name] for name in names) for other in taken)


def _named(relation: Relation, row: tuple[Any, ...] | None) -> Values | None:
    return None if row is None else dict(zip((c.name for c in relation.columns), row, strict=True))


def comes_from_trigger(error: psycopg.Error) -> bool:
    """Whether a function refused the row, and no constraint."""
    context = error.diag.context or ""
    return "function" in context and not error.diag.constraint_name
