"""Which tables a query joins, and on what; an outer join may be an inner one by what it asks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from prospectr_db.access.policies.spelling import Tree, sides, stripped

__all__ = ["must_have_rows", "read_joins"]

_OTHER_JOINS = frozenset({"LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "USING", "LATERAL"})
_TABLE = re.compile(r"(?:[\w\"]+\.)?[\w\"]+")
_QUALIFIED = re.compile(r"(\w+)\.\w+")


def read_joins(
    node: Tree, tables: list[str], conditions: list[Tree], there: Collection[str] = ()
) -> bool:
    """Add the tables that a query joins, and on what; False where it joins otherwise.

    ``there`` are those that must have a row, however they are joined.
    """
    node = _inner(stripped(node), there)
    if any(isinstance(part, str) and part in _OTHER_JOINS for part in node):
        return False
    if "ON" in node:
        place = len(node) - 1 - node[::-1].index("ON")
        conditions.append(node[place + 1 :])
        node = node[:place]
    joined = sides(node, "JOIN")
    if len(joined) > 1:
        return all(read_joins(side, tables, conditions, there) for side in joined)
    names = [str(part).rstrip(",") if isinstance(part, str) else part for part in node]
    if len(names) > 1 and not all(str(part).endswith(",") for part in node[:-1]):
        return False
    for name in names:
        if isinstance(name, list):
            if not read_joins(name, tables, conditions, there):
                return False
        elif isinstance(name, str) and _TABLE.fullmatch(name):
            tables.append(name)
        else:
            return False
    return bool(names)


def must_have_rows(conditions: Iterable[Tree]) -> Iterator[str]:
    """Yield the tables that must have a row, for a column of theirs must be equal to something."""
    for condition in conditions:
        node = stripped(condition)
        if "OR" in node or "SELECT" in node:
            continue
        if "AND" in node:
            yield from must_have_rows(sides(node, "AND"))
        elif node[1:2] == ["="]:
            names = (part for part in (node[0], node[-1]) if isinstance(part, str))
            yield from (found[1] for name in names if (found := _QUALIFIED.fullmatch(name)))


def _inner(node: Tree, there: Collection[str]) -> Tree:
    """Return a join without its LEFT, where what is joined must have a row anyhow."""
    match node:
        case [*before, "LEFT", "JOIN", str() as table, "ON", condition]:
            if table.rpartition(".")[2] in there:
                return [*before, "JOIN", table, "ON", condition]
        case _:
            pass
    return node
