"""The rows beside the first of each table: ownerless, mixed, per partition, standing and state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import psycopg

from prospectr_db.access.ownership.beside import is_usual, resolved
from prospectr_db.access.ownership.polymorphic import kinds_of
from prospectr_db.access.ownership.standing import Standing
from prospectr_db.access.policies.guards import asked_by_guards
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OTHER, OWNER, VICTIM, Actor, Row
from prospectr_db.access.rows.reaching import change, hold, insist, made_in, reach_state
from prospectr_db.access.writing.statements import delete, equals, insert_known, select_row, update
from prospectr_db.access.writing.values import naming, seeded_uuid
from prospectr_db.database.catalog import Relation

__all__ = [
    "add_mixed",
    "add_orphan",
    "add_rows_of_standing",
    "add_standing",
    "add_states",
    "demote",
    "second_pass",
]


def second_pass(builder: Builder) -> None:
    """Close the cycles of foreign keys that were left open."""
    for relation, key, fk in builder.later:
        row = builder.world.row(relation, key)
        target = builder.catalog.by_oid[fk.target or 0]
        parent = builder.parent(target, key)
        if row is None or parent is None:
            continue
        values = {
            name: parent.values[wanted]
            for name, wanted in zip(fk.columns, fk.target_columns, strict=True)
        }
        change(builder, relation, row, values)


def add_orphan(builder: Builder, relation: Relation) -> None:
    """Make a row without an owner, where the owner may be missing."""
    owner = builder.ownership[relation.oid]
    columns = owner.saying
    if not columns or owner.user_keyed or any(relation.by_name[n].not_null for n in columns):
        return
    if builder.world.row(relation, OWNER) is not None:
        _again(builder, relation, "orphan", dict.fromkeys(columns))


def add_mixed(builder: Builder, relation: Relation) -> None:
    """Make rows that belong to one user by one column and to another by the rest."""
    owner = builder.ownership[relation.oid]
    ways = [name for name in owner.users if name not in owner.listing]
    if len(ways) < 2 or builder.world.row(relation, OWNER) is None:
        return
    for name in owner.users:
        builder.settle_down(relation, name, VICTIM)
    for mine in ways:
        other = builder.world.actors[VICTIM].id
        columns = relation.by_name
        rest = {name: naming(columns[name], other) for name in owner.users if name != mine}
        if mine in builder.world.substitutes.get(relation.oid, ()):
            # His own row has somebody else here.
            rest[mine] = naming(columns[mine], builder.world.actors[OWNER].id)
        _again(builder, relation, f"{OWNER} as {mine}", rest)


def _again(
    builder: Builder, relation: Relation, name: str, changes: Mapping[str, str | None]
) -> None:
    given = builder.given(relation, OWNER)
    before = len(builder.world.unbuildable)
    if given:
        values = {**given[0], **changes}
        row = builder.attempt(relation, OWNER, values, set(values), name=name)
        if row is not None and any(row.values[n] != value for n, value in changes.items()):
            hold(builder, relation, row, changes)
    # Constraints may forbid such a row, and then there is nothing to observe about it.
    del builder.world.unbuildable[before:]


def demote(builder: Builder, relation: Relation) -> None:
    """Make plain members of those whom a trigger made more, such as the creators of a tenant.

    What an owner may is asked of whoever has no other standing; each standing has its own user.
    """
    for key in (OWNER, OTHER):
        row = builder.world.row(relation, key)
        if row is not None and row.adopted:
            weakest = builder.ownership[relation.oid].weakest
            wanted = {n: v for n, v in weakest.items() if v and row.values[n] not in (v, None)}
            if wanted:
                insist(builder, relation, row, wanted)


def add_standing(builder: Builder, standing: Standing) -> None:
    """Make one user per value of a column that gives users their standing."""
    relation = builder.catalog.by_oid[standing.relation]
    for value in standing.values:
        if (standing, value) in builder.world.departed:
            continue  # whoever has that is the removed member, or anybody who is one
        key = f"{standing.column}={'null' if value is None else value}"
        if key in builder.world.actors:
            key = f"{relation.name}.{key}"
        builder.add_actor(
            Actor(key, seeded_uuid("user", key), f"{seeded_uuid(key)[:8]}@example.com", OWNER)
        )
        given = builder.given(relation, key)
        if given is None:
            continue
        row = made_in(builder, relation, key, given[0], {standing.column: value})
        if row is not None:
            builder.world.standings[key] = (standing, value)


def add_rows_of_standing(builder: Builder, relations: Iterable[Relation]) -> None:
    """Give users with a standing rows of their own where triggers ask for it.

    Such as their account: a trigger may let moderators write into theirs what others may not.
    """
    before = len(builder.world.unbuildable)
    for relation in relations:
        asked = asked_by_guards(builder.catalog, relation)
        for key, (standing, _) in builder.world.standings.items():
            deciding = builder.ownership[relation.oid].deciding
            if deciding and (standing.relation, standing.column) in asked:
                builder.get(relation, key)
    del builder.world.unbuildable[before:]


def add_states(builder: Builder, relation: Relation) -> None:
    """Find out how the owner's row is brought into each state that policies tell apart."""
    row = builder.world.row(relation, OWNER)
    if row is None:
        return
    for name, values in builder.ownership[relation.oid].told.items():
        for value in values:
            told = resolved(relation, row.values, name, value)
            if told and not is_usual(relation, row.values, name, value):
                wanted = {**told, **_referring(builder, relation, name, value)}
                found = reach_state(builder.connection, relation, row, wanted)
                if found is None and row.adopted and builder.is_nobodys(relation):
                    found = _swapped(builder, relation, row, name, value)
                if found is None and (
                    name in builder.ownership[relation.oid].ranks
                    or _is_forbidden(builder, relation, row, told)
                ):
                    continue  # what the column's own checks forbid is no state
                if found is None:
                    shown = "null" if value is None else value
                    builder.hopeless(relation, f"{OWNER} [{name}={shown}]", "no values go with it")
                else:
                    builder.world.states[relation.oid, name, value] = found


def _swapped(
    builder: Builder, relation: Relation, row: Row, name: str, value: str | None
) -> dict[str, str | None] | None:
    """Return the values of a state in which another of nobody's rows is already.

    The two change places: what migrations filled in says the same as before.
    """
    for unique in relation.uniques:
        where = {n: value if n == name else row.values[n] for n in unique.columns}
        if name not in where or None in where.values():
            continue
        rival = builder.connection.execute(select_row(relation, where)).fetchone()
        if rival is None:
            continue
        other = dict(zip((c.name for c in relation.columns), rival, strict=True))
        away = delete(relation, equals(relation, where))
        there = insert_known(relation, {**other, name: row.values[name]})
        mine = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
        changed = update(relation, {name: value}, mine)
        if builder.can_quietly("; ".join((away, changed, there))):
            builder.world.swaps[relation.oid, name, value] = away, there
            return {name: value}
    return None


def _referring(
    builder: Builder, relation: Relation, name: str, value: str | None
) -> dict[str, str | None]:
    """Return what a row of another kind refers to, where a column says to which table it does."""
    found: dict[str, str | None] = {}
    for fk in kinds_of(relation):
        for kind, target, key in fk.kinds if fk.says == name else ():
            parent = builder.parent(builder.catalog.by_oid[target], OWNER)
            if kind == value and parent is not None:
                found[fk.columns[0]] = parent.values[key]
    return found


def _is_forbidden(
    builder: Builder, relation: Relation, row: Row, values: Mapping[str, str | None]
) -> bool:
    """Whether a check of one column, or of its domain, refuses a value whatever else changes."""
    where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
    error: psycopg.Error | None = None
    try:
        builder.connection.execute(f"savepoint w;{update(relation, values, where)}")
    except psycopg.Error as refused:
        error = refused
    builder.connection.execute("rollback to savepoint w; release savepoint w")
    if error is None or error.sqlstate != "23514":
        return False
    name = error.diag.constraint_name
    own = {c.name for c in relation.checks if set(c.columns) <= values.keys()}
    return name in own or error.diag.datatype_name is not None
