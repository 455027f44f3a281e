"""Rows in partitions: which values fall into each, asked of the server, whatever splits the table.

A partition has row-level security, policies and grants of its own; its parent's do not bind whoever
names it directly (PostgreSQL manual, "Table Partitioning"). The condition that the server itself
derives for a partition says for hash, list, range and default alike which rows it takes.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OTHER, OWNER, Actor, Row, Slot
from prospectr_db.access.writing.statements import select_row
from prospectr_db.access.writing.values import candidates, inside, seeded_uuid
from prospectr_db.database.catalog import Catalog, Column, Relation, quote_identifier

__all__ = ["add_partition_rows"]

_MANY = 96
_MOST_TRIES = 4000

Values = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class _Keys:
    """The columns that split a table, on every level, and whose ids some of them hold."""

    names: tuple[str, ...]
    users: tuple[str, ...]
    parents: tuple[str, ...]


def add_partition_rows(builder: Builder, relation: Relation) -> None:
    """Make a row in each partition on every level, so that reaching it directly can be tried.

    The owner's where one can be his; else somebody's who lives there alone, for the table may be
    split by user. What stays empty is noted as unbuildable.
    """
    first = builder.world.row(relation, OWNER)
    if relation.kind != "p" or relation.is_partition or first is None:
        return
    children = list(_below(builder.catalog, relation))
    conditions = _conditions(builder, children)
    keys = _keys(builder, relation, children)
    for child in (child for child in children if child.kind != "p"):
        condition = conditions.get(child.oid)
        if condition is None:
            # The default one of a table that has no other: it takes whatever there is.
            builder.world.slots[child.oid] = Slot(first.key, OWNER)
            continue
        _fill(builder, relation, child, keys, condition, first)
    for child in reversed(children):
        if child.kind == "p":
            below = [c.oid for c in _below(builder.catalog, child)]
            slots = [builder.world.slots[oid] for oid in below if oid in builder.world.slots]
            if slots:
                builder.world.slots[child.oid] = slots[0]


def _below(catalog: Catalog, relation: Relation) -> Iterator[Relation]:
    for child in catalog.relations:
        if child.is_partition and relation.oid in child.parents:
            yield child
            yield from _below(catalog, child)


def _conditions(builder: Builder, children: Sequence[Relation]) -> dict[int, str | None]:
    rows = builder.connection.execute(
        "select c.oid::bigint, pg_catalog.pg_get_partition_constraintdef(c.oid)"
        " from pg_catalog.pg_class as c where c.oid = any(%s::oid[])",
        ([child.oid for child in children],),
    ).fetchall()
    return dict(rows)


def _keys(builder: Builder, relation: Relation, children: Sequence[Relation]) -> _Keys:
    texts = [r.partition_key or "" for r in (relation, *children)]
    words = {word for text in texts for word in re.findall(r"\w+", text.partition("(")[2])}
    quoted = {word for text in texts for word in re.findall(r'"([^"]+)"', text)}
    names = tuple(c.name for c in relation.columns if c.name in words | quoted)
    users = builder.ownership[relation.oid].users
    in_keys = {name for fk in relation.foreign_keys for name in fk.columns} - set(users)
    return _Keys(
        names,
        tuple(name for name in names if name in users),
        tuple(name for name in names if name in in_keys),
    )


def _fill(
    builder: Builder,
    relation: Relation,
    child: Relation,
    keys: _Keys,
    condition: str,
    first: Row,
) -> None:
    """Find values that a partition takes, and insert a row of them through the parent."""
    bounds = [r.partition_bound or "" for r in (child, *_above(builder.catalog, child, relation))]
    many = _MANY if "satisfies_hash_partition" in condition or "DEFAULT" in bounds else 2
    for his_own in (True, False) if keys.users or keys.parents else (True,):
        options = {
            name: _options(relation, relation.by_name[name], keys, bounds, first, many, his_own)
            for name in keys.names
        }
        chosen = _fitting(builder, relation, condition, options)
        if chosen is None:
            continue
        spare = _spares(builder, relation, condition, chosen, options, keys)
        if all(chosen[name] == first.values[name] for name in keys.names):
            builder.world.slots[child.oid] = Slot(first.key, OWNER, chosen, spare)
            return
        holder = _settle(builder, child, keys, chosen)
        row = _insert(builder, relation, child, keys, holder, chosen, first)
        if row is not None:
            builder.world.slots[child.oid] = Slot(row.key, holder, chosen, spare)
            return
    builder.hopeless(child, OWNER, "no values were found that it takes")


def _above(catalog: Catalog, child: Relation, root: Relation) -> Iterator[Relation]:
    parent = catalog.by_oid[child.parents[0]]
    if parent is not root:
        yield parent
        yield from _above(catalog, parent, root)


def _options(
    relation: Relation,
    column: Column,
    keys: _Keys,
    bounds: Iterable[str],
    first: Row,
    many: int,
    his_own: bool,
) -> list[str | None]:
    """Return what a key column may hold, the owner's row's own value first."""
    mine = first.values[column.name]
    if his_own and column.name in (*keys.users, *keys.parents):
        return [mine]
    if column.name in keys.users:
        return [seeded_uuid("user", f"dweller {number}") for number in range(many)]
    found: list[str | None] = [mine]
    found += [value for bound in bounds for value in inside(bound)]
    for number in range(many):
        found += candidates(relation, column, tag="p", number=number)[: 1 if number else None]
    found += [None] if not column.not_null else []
    return [v for v in dict.fromkeys(found) if v is None or _reads_as(column, v)]


def _reads_as(column: Column, value: str) -> bool:
    """Whether a bound's literal can be of this column: those of several columns are mixed."""
    if column.base_name == "uuid":
        return bool(re.fullmatch(r"[0-9a-f-]{36}", value))
    if column.base_name in ("int2", "int4", "int8"):
        return bool(re.fullmatch(r"-?\d+", value))
    if column.category == "N":
        return bool(re.fullmatch(r"-?\d+(\.\d+)?", value))
    if column.category == "D":
        return bool(re.match(r"\d{4}-\d\d-\d\d|\d\d:\d\d", value))
    if column.labels:
        return value in column.labels
    return column.category != "B" or value in ("true", "false")


def _fitting(
    builder: Builder, relation: Relation, condition: str, options: Mapping[str, list[str | None]]
) -> Values | None:
    """Return the first combination of values that satisfies a partition's condition."""
    tries = list(itertools.islice(_combinations(options), _MOST_TRIES))
    places = _satisfying(builder, relation, condition, list(options), tries, most=1)
    return dict(zip(options, tries[places[0]], strict=True)) if places else None


def _combinations(options: Mapping[str, list[str | None]]) -> Iterator[tuple[str | None, ...]]:
    """Yield all together once, then each with each."""
    lists = list(options.values())
    for place in range(max(map(len, lists), default=0)):
        yield tuple(values[place % len(values)] for values in lists)
    yield from itertools.product(*lists)


def _satisfying(
    builder: Builder,
    relation: Relation,
    condition: str,
    names: Sequence[str],
    tries: Sequence[Sequence[str | None]],
    *,
    most: int,
) -> list[int]:
    """Ask the server which of the tries a partition takes; their places, the first ones."""
    if not tries or not names:
        return []
    columns = ", ".join(
        " ".join((f"t.v[{place}]::{relation.by_name[name].type}", "as", quote_identifier(name)))
        for place, name in enumerate(names, start=1)
    )
    text = " ".join(
        (
            "select n from (select",
            columns,
            ", t.n from (select array(select jsonb_array_elements_text(j.value)) as v,",
            "j.ordinality as n from jsonb_array_elements(%s::jsonb) with ordinality as j)",
            "as t) as candidate where",
            condition.replace("%", "%%"),
            "order by n limit",
            str(most),
        )
    )
    try:
        with builder.connection.transaction():
            given = (json.dumps([list(values) for values in tries]),)
            rows = builder.connection.execute(text, given).fetchall()
    except psycopg.Error:
        return []  # a value that is none of the column's type: what stays empty is noted
    return [row[0] - 1 for row in rows]


def _settle(builder: Builder, child: Relation, keys: _Keys, chosen: Values) -> str:
    """Return whose the row will be: the owner's, or a user's who is made for it."""
    holders = {chosen[name] for name in keys.users} - {None}
    actors = builder.world.actors
    if not holders or actors[OWNER].id in holders:
        return OWNER
    holder = str(sorted(holders, key=str)[0])
    known = next((actor.key for actor in actors.values() if actor.id == holder), None)
    if known is None:
        known = f"dweller of {child.label}"
        builder.add_actor(Actor(known, holder, f"{holder[:8]}@example.com", OTHER))
    return known


def _insert(
    builder: Builder,
    relation: Relation,
    child: Relation,
    keys: _Keys,
    holder: str,
    chosen: Values,
    first: Row,
) -> Row | None:
    """Insert through the parent, and keep the row if it landed in the partition.

    A parent with the key that a partition asks for may not exist: then nothing checks the row.
    """
    given = builder.given(relation, holder)
    if given is None:
        return None
    values = {**given[0], **chosen}
    unchecked = any(chosen[name] != first.values[name] for name in keys.parents)
    his = holder == OWNER and not unchecked
    name = f"{OWNER if his else 'somebody'} in {child.label}"
    before = len(builder.world.unbuildable)
    if unchecked:
        builder.connection.execute("set local session_replication_role = replica")
    row = builder.attempt(relation, holder, values, set(values), name=name)
    if unchecked:
        builder.connection.execute("set local session_replication_role = origin")
    del builder.world.unbuildable[before:]
    if row is None:
        return None
    found = builder.connection.execute(
        select_row(child, {n: row.values[n] for n in relation.primary_key or row.values})
    ).fetchone()
    return row if found is not None else None


def _spares(
    builder: Builder,
    relation: Relation,
    condition: str,
    chosen: Values,
    options: Mapping[str, list[str | None]],
    keys: _Keys,
) -> Values:
    """Return another value of each key column with which the row would stay where it is."""
    found: Values = {}
    for name in keys.names:
        if name in keys.users or name in keys.parents:
            continue
        others = [value for value in options[name] if value not in (chosen[name], None)]
        tries = [tuple({**chosen, name: value}[n] for n in keys.names) for value in others]
        places = _satisfying(builder, relation, condition, list(keys.names), tries, most=1)
        if places:
            found[name] = others[places[0]]
    return found
