"""How a row is brought into a state: changed as an application would, moved along, held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.rows.attempts import TRIES, Attempt
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import Row
from prospectr_db.access.writing.statements import delete, equals, select_row, update
from prospectr_db.database.catalog import Relation

if TYPE_CHECKING:
    from psycopg import Connection


__all__ = ["change", "hold", "insist", "keep", "made_in", "reach_state"]


def change(
    builder: Builder, relation: Relation, row: Row, values: Mapping[str, str | None]
) -> bool:
    """Change a row as an application would, triggers and all; False where that is refused."""
    where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
    text = f"savepoint w;{update(relation, values, where)};release savepoint w"
    try:
        builder.connection.execute(text)
    except psycopg.Error:
        builder.connection.execute("rollback to savepoint w")
        return False
    builder.world.rows[relation.oid, row.key] = replace(row, values={**row.values, **values})
    return True


def insist(
    builder: Builder, relation: Relation, row: Row, wanted: Mapping[str, str | None]
) -> bool:
    """Change a row as an application would, or past triggers that refuse it or put it back.

    A guard that lets only an admin make admins must not keep the world from having one. False
    where something else than a trigger refuses it.
    """
    if change(builder, relation, row, wanted):
        key = {n: row.values[n] for n in relation.primary_key or row.values}
        there = select_row(relation, {**key, **wanted})
        if builder.connection.execute(there).fetchone() is not None:
            return True
    where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
    if not builder.quietly(update(relation, wanted, where)):
        return False
    builder.world.rows[relation.oid, row.key] = replace(row, values={**row.values, **wanted})
    return True


def keep(builder: Builder, relation: Relation, row: Row, wanted: Mapping[str, str | None]) -> bool:
    """Give a new row what a trigger wrote otherwise, or had made before; False where refused.

    Whoever follows an open profile is accepted at once, and may be made to wait again.
    """
    if row.adopted or any(row.values[name] != value for name, value in wanted.items()):
        return insist(builder, relation, row, wanted)
    return True


def made_in(
    builder: Builder,
    relation: Relation,
    key: str,
    given: Mapping[str, str | None],
    wanted: Mapping[str, str | None],
) -> Row | None:
    """Make somebody's row with some values, whatever triggers write into new rows.

    Where a check refuses them beside the usual ones, the row is brought there from these: a lease
    that is over has begun before.
    """
    before = len(builder.world.unbuildable)
    values = {**given, **wanted}
    row = builder.attempt(relation, key, values, set(values))
    if row is not None:
        keep(builder, relation, row, wanted)
        return builder.world.row(relation, key)
    problems = builder.world.unbuildable[before:]
    usual = builder.attempt(relation, key, dict(given), set(given))
    if usual is not None:
        found = reach_state(builder.connection, relation, usual, dict(wanted))
        hold(builder, relation, usual, found or wanted)
    row = builder.world.row(relation, key)
    builder.world.unbuildable[before:] = problems if row is None else []
    return row


def hold(builder: Builder, relation: Relation, row: Row, wanted: Mapping[str, str | None]) -> None:
    """Give a row back what a trigger replaced: it is as if it had come to be before the trigger."""
    where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
    if builder.quietly(update(relation, wanted, where)):
        builder.world.rows[relation.oid, row.key] = replace(row, values={**row.values, **wanted})
    else:
        builder.quietly(delete(relation, where))
        del builder.world.rows[relation.oid, row.key]


def reach_state(
    connection: Connection[Any], relation: Relation, row: Row, wanted: dict[str, str | None]
) -> dict[str, str | None] | None:
    """Return what else must change for a row to take some values; nothing is kept."""
    attempt = Attempt(relation, dict(wanted), {}, set(wanted))
    where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
    for _ in range(TRIES):
        values = attempt.values()
        if not wanted.keys() <= values.keys():
            return None  # what was wanted has been given up: two checks contradict each other
        quiet = "savepoint w;set local session_replication_role = replica;"
        text = quiet + update(relation, values, where)
        error: psycopg.Error | None = None
        try:
            connection.execute(text)
        except psycopg.Error as refused:
            error = refused
        connection.execute("rollback to savepoint w; release savepoint w")
        if error is None:
            return values
        moved = _moved_along(relation, row, wanted, error)
        if moved.keys() - attempt.given.keys():
            attempt.given |= moved  # a beginning and an end: both are moved
        elif not attempt.learn(error):
            return None
    return None


def _moved_along(
    relation: Relation, row: Row, wanted: Mapping[str, str | None], error: psycopg.Error
) -> dict[str, str | None]:
    """Return the other times that a refusing check looks at, as far from a wanted one as before."""
    named = next((c.columns for c in relation.checks if c.name == error.diag.constraint_name), ())
    times = {n: at for n in named if (at := _time(relation, n, row.values.get(n)))}
    for name, value in wanted.items():
        here, there = times.get(name), _time(relation, name, value)
        if here is not None and there is not None:
            others = {n: at for n, at in times.items() if n not in wanted}
            return {n: str(there + (at - here)) for n, at in others.items()}
    return {}


def _time(relation: Relation, name: str, text: str | None) -> datetime | None:
    """Return a date or time of day and date as a value; None where it is none."""
    if text is None or relation.by_name[name].category != "D":
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
