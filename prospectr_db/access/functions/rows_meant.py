"""Which of the owner's rows, and of their values, the parameters of a function can mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prospectr_db.access.functions.parameter_names import is_like, named_after
from prospectr_db.access.policies.reach import words_of_function
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.database.catalog import Column, Function, Relation

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["held", "rows_named", "rows_reached", "secrets_of"]

_IDS = frozenset({"uuid", "int8", "int4"})
# Ranks of what no name speaks for; later still where another function looks it up.
_UNLIKE, _ELSEWHERE = 2, 2


def rows_named(observation: Observation, function: Function) -> Iterator[tuple[Relation, Row]]:
    """Yield the owner's rows in the tables that a function names."""
    words = set(re.findall(r"\w+", function.source))
    for (oid, key), row in observation.world.rows.items():
        relation = observation.catalog.by_oid[oid]
        if key == OWNER and relation.name in words:
            yield relation, row


def held(
    observation: Observation, function: Function, name: str, *, text: bool = False
) -> list[str]:
    """Return ids, or texts, of the owner's rows: of columns that a parameter is named after first.

    Keys come next; but a token or a share's id opens what a key does not.
    """
    ranked: list[tuple[int, str]] = []
    for relation, row, is_named in rows_reached(observation, function):
        for column in relation.columns:
            value = row.values.get(column.name)
            fit = column.category == "S" if text else column.base_name in _IDS
            rank = _rank(name, relation, column)
            if rank >= _UNLIKE and not is_named:
                rank += _ELSEWHERE
                fit = fit and not text
            if value and fit:
                ranked.append((rank, value))
    return list(dict.fromkeys(value for _, value in sorted(ranked, key=lambda pair: pair[0])))[:8]


def _rank(name: str, relation: Relation, column: Column) -> int:
    """Return how far from likely a column's value is for a parameter."""
    if named_after(name, relation, column.name):
        return 0
    if is_like(name, relation, column.name):
        return 1
    return _UNLIKE if column.name in relation.primary_key else _UNLIKE + 1


def rows_reached(
    observation: Observation, function: Function
) -> Iterator[tuple[Relation, Row, bool]]:
    """Yield the owner's rows that a function reaches, and whether it names their table itself."""
    users = observation.catalog.users
    named = list(rows_named(observation, function))
    known = {relation.oid for relation, _ in named}
    for relation, row in named:
        if relation is not users:
            yield relation, row, True
    words = words_of_function(observation.catalog, function)
    for (oid, key), row in observation.world.rows.items():
        relation = observation.catalog.by_oid[oid]
        if key == OWNER and oid not in known and relation is not users and relation.name in words:
            yield relation, row, False


def secrets_of(observation: Observation, function: Function) -> list[str]:
    """Return what the hashes were made of that a function can compare with."""
    named = {relation.oid for relation, _ in rows_named(observation, function)}
    secrets = observation.world.secrets
    return [secret for (oid, _), secret in secrets.items() if oid in named]
