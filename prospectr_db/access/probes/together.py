"""States of a row that only together open it to whoever comes: published, and by now."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice, product
from typing import TYPE_CHECKING

import psycopg

from prospectr_db.access.matrix.row_classes import state_name
from prospectr_db.access.policies.spelling import as_text, parsed, sides, stripped
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.access.writing.statements import equals
from prospectr_db.database.catalog import Policy, Relation

if TYPE_CHECKING:
    from prospectr_db.access.rows.building import Builder

__all__ = ["find_together"]

_MOST_TOGETHER = 3
_MOST = 60

Change = tuple[str, Mapping[str, str | None]]
"""A state by its name, and the columns that it has."""


def _open_conditions(relation: Relation, policy: Policy) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what a policy asks for reading without asking who comes, with the columns in it.

    It may ask for something else instead: whether a post is out, or the caller's own.
    """
    if not policy.permissive or policy.command not in ("select", "all") or not policy.using:
        return
    read = {name for oid, name in policy.reads if oid == relation.oid}
    for side in sides(stripped(parsed(policy.using)), "OR"):
        text = as_text(side)
        if "auth." not in text and "current_setting" not in text:
            yield text, frozenset(read & set(re.findall(r"\w+", text)))


def find_together(builder: Builder, relations: Iterable[Relation]) -> None:
    """Find for each relation that others hang under the states that open it only together.

    Asked of the condition itself, with a copy of the owner's row: what is below is tried in them.
    """
    for relation in relations:
        row = builder.world.row(relation, OWNER)
        if row is None or not builder.catalog.referring.get(relation.oid):
            continue
        found = [
            states
            for policy in relation.policies
            for asked in _open_conditions(relation, policy)
            for states in islice(_opening(builder, relation, row, *asked), 1)
        ]
        if found:
            builder.world.together[relation.oid] = tuple(dict.fromkeys(found))


def _opening(
    builder: Builder, relation: Relation, row: Row, condition: str, read: frozenset[str]
) -> Iterator[tuple[str, ...]]:
    """Yield the smallest sets of states in which a condition shows a row that none shows alone."""
    changes: dict[str, list[Change]] = {}
    for (oid, name, value), values in builder.world.states.items():
        if oid == relation.oid and name in read:
            changes.setdefault(name, []).append((state_name(name, value), values))
    if len(changes) < 2:
        return
    alone = [(), *((change,) for found in changes.values() for change in found)]
    if any(_is_open(builder, relation, row, condition, some) for some in alone):
        return
    sets = (
        some
        for size in range(2, _MOST_TOGETHER + 1)
        for names in combinations(changes, size)
        for some in product(*(changes[name] for name in names))
    )
    for some in islice(sets, _MOST):
        if _is_open(builder, relation, row, condition, some):
            yield tuple(name for name, _ in some)


def _is_open(
    builder: Builder, relation: Relation, row: Row, condition: str, some: Sequence[Change]
) -> bool:
    """Whether a condition holds of a row as it would be in some states."""
    values = {column: value for _, change in some for column, value in change.items()}
    where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
    text = " ".join(
        (
            "select 1 from (select (pg_catalog.jsonb_populate_record(t, %s::jsonb)).* from",
            relation.sql_name,
            "as t where",
            where.replace("%", "%%"),
            ") as",
            relation.sql_name.rpartition(".")[2],
            "where",
            condition.replace("%", "%%"),
        )
    )
    try:
        with builder.connection.transaction():
            found = builder.connection.execute(text.encode(), (json.dumps(values),)).fetchone()
    except psycopg.Error:
        return False
    return found is not None
