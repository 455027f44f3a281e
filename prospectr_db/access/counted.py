"""Limits on how many rows a user may have: new ones are tried where he has that many already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.decisions import functions_behind
from prospectr_db.access.expressions import normalise
from prospectr_db.access.inhabitants import OWNER
from prospectr_db.access.reach import trigger_functions
from prospectr_db.access.row_classes import ROWS_OF
from prospectr_db.access.statements import insert_known
from prospectr_db.access.values import seeded_uuid
from prospectr_db.database.catalog import Catalog, Relation

if TYPE_CHECKING:
    from prospectr_db.access.probes import Plan

__all__ = ["counted_rows", "states_when_counted"]

_MOST = 100
"""Rows that are made; higher limits are not tried."""
_COUNT = re.compile(r"\bcount\b.*?\bfrom (?:\w+\.)?(\w+)", re.IGNORECASE)
_SIGN = r"(<=?|>=?|=)"
_AFTER, _BEFORE = re.compile(rf"{_SIGN} '?(\d+)\b"), re.compile(rf"\b(\d+)'? {_SIGN} ")
# At how many rows a comparison with a number begins to hold, or ceases to: at the number itself,
# or with one more.
_ONE_MORE = {_AFTER: frozenset({"<=", ">"}), _BEFORE: frozenset({"<", ">="})}


def counted_rows(catalog: Catalog, relation: Relation) -> dict[str, tuple[str, ...]]:
    """Return how many rows of which tables matter to new rows of a relation.

    By what the policies about new rows count, their functions, and the triggers: a limit is a
    number beside a count. Where `count(*) < 3` ends is where `2 >= count(*)` does.
    """
    policies = [p for p in relation.policies if p.command in ("insert", "all")]
    called = [
        *functions_behind(catalog, policies).values(),
        *trigger_functions(catalog, relation),
    ]
    texts = [*(policy.text for policy in policies), *(function.source for function in called)]
    whole = [normalise(text) for text in texts]
    tables = {table for text in whole for table in _COUNT.findall(text)}
    numbers = sorted({n for text in whole for n in _ends(text) if 1 < n <= _MOST})
    return {f"{ROWS_OF}{table}": tuple(map(str, numbers)) for table in sorted(tables) if numbers}


def _ends(text: str) -> Iterator[int]:
    for asked, one_more in _ONE_MORE.items():
        for pair in asked.findall(text):
            number, sign = sorted(pair, key=str.isdigit, reverse=True)
            yield int(number) + (sign in one_more)


def states_when_counted(
    plan: Plan, counted: Mapping[str, Iterable[str]]
) -> Iterator[tuple[str, str]]:
    """Yield each number of rows that the owner can be given, as a name and what makes them."""
    for name, numbers in counted.items():
        table = name.removeprefix(ROWS_OF)
        relation = next((r for r in plan.catalog.own_relations if r.name == table), None)
        row = plan.world.row(relation, OWNER) if relation else None
        for number in numbers if relation and row else ():
            made = _more(relation, row.values, int(number) - 1) if relation and row else None
            if made:
                yield f"{name}={number}", "; ".join(made)


def _more(
    relation: Relation, values: Mapping[str, str | None], number: int
) -> Sequence[str] | None:
    """Return what adds rows like one that is there; None where a key allows no other."""
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    free: set[str] = set()
    for unique in relation.uniques:
        told = [name for name in unique.columns if values.get(name) is not None]
        name = next((n for n in told if n not in linked and _other(relation, values, n, 1)), None)
        if name is None and len(told) == len(unique.columns):
            return None
        free |= {name} if name else set()
    return [
        insert_known(relation, {**values, **{n: _other(relation, values, n, k) for n in free}})
        for k in range(1, number + 1)
    ]


def _other(
    relation: Relation, values: Mapping[str, str | None], name: str, number: int
) -> str | None:
    """Return another value like one that is there."""
    column, value = relation.by_name[name], values[name] or ""
    if column.base_name == "uuid":
        return seeded_uuid("another", relation.label, value, number)
    if column.category == "N" and re.fullmatch(r"\d+", value) and column.base_name != "int2":
        return str(int(value) + 1_000_000 + number)
    return f"{value}-{number}" if column.category == "S" and not column.labels else None
