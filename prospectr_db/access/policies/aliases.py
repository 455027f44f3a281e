"""Tables in sub-selects by names that do not depend on what somebody called them there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["without_aliases"]

Node = list[object]
"""Words, and what stands in parentheses as lists of its own."""

_ALIAS = re.compile(r"\w+|\"[^\"]+\"")
_RELATION = re.compile(r"(?:(?:\w+|\"[^\"]+\")\.)?(?:\w+|\"[^\"]+\")")
_TABLE_FOLLOWS = frozenset({"FROM", "JOIN"})
_QUERY = frozenset({"SELECT", "WITH", "VALUES"})
_NO_ALIAS = re.compile(
    r"WHERE|JOIN|LEFT|RIGHT|FULL|INNER|CROSS|NATURAL|ON|USING|GROUP|ORDER|HAVING|LIMIT|UNION"
    r"|EXCEPT|INTERSECT|OFFSET|FOR|WINDOW"
)


@dataclass(frozen=True, slots=True)
class _Item:
    """A table that a query reads: where it stands, and the name that it has there."""

    words: Node
    place: int
    table: str
    given: str

    @property
    def has_alias(self) -> bool:
        """Whether somebody named it."""
        after = self.words[self.place + 1] if self.place + 1 < len(self.words) else None
        return isinstance(after, str) and after.rstrip(",") == self.given


def without_aliases(tree: Node, table: str = "") -> Node:
    """Call every table of an expression by its own name, numbered where it is read once more.

    The columns of the policy's own ``table`` go without its name, as the server writes them outside
    of sub-selects. A sub-select that reads the same table again is no more confused with it than by
    the server: ``m.team = members.team`` and ``m.team = m.team`` are not the same.
    """
    return _named(tree, {table: ""} if table else {}, frozenset({table} if table else ()))


def _named(node: Node, names: Mapping[str, str], taken: frozenset[str]) -> Node:
    """Return a query, or what is no query, with its tables' own names; what is in it as well."""
    here, used = dict(names), set(taken)
    called: dict[tuple[int, int], tuple[_Item, str]] = {}
    for item in _read(node, expected=False) if _is_query(node) else ():
        number, name = 1, item.table
        while name in used:
            number += 1
            name = f"{item.table}_{number}"
        used.add(name)
        here[item.given] = name
        called[id(item.words), item.place] = item, name
    return _rebuilt(node, here, frozenset(used), called)


def _rebuilt(
    node: Node,
    names: Mapping[str, str],
    taken: frozenset[str],
    called: Mapping[tuple[int, int], tuple[_Item, str]],
) -> Node:
    found: Node = []
    left_out = -1
    for place, child in enumerate(node):
        if isinstance(child, list):
            query = _is_query(child)
            found.append(
                _named(child, names, taken) if query else _rebuilt(child, names, taken, called)
            )
        elif (id(node), place) in called:
            item, name = called[id(node), place]
            ends = str(node[place + 1]) if item.has_alias else str(child)
            comma = "," if ends.endswith(",") else ""
            said = str(child).rstrip(",")
            found += [said, name + comma] if name != item.table else [said + comma]
            left_out = place + 1 if item.has_alias else -1
        elif place != left_out:
            found.append(_renamed(str(child), names))
    return found


def _renamed(token: str, names: Mapping[str, str]) -> str:
    alias, dot, column = token.partition(".")
    if not dot or alias not in names or token.startswith("'"):
        return token
    return f"{names[alias]}.{column}" if names[alias] else column


def _is_query(node: Node) -> bool:
    return bool(node) and isinstance(node[0], str) and node[0] in _QUERY


def _read(node: Node, *, expected: bool) -> Iterator[_Item]:
    """Yield the tables that a query reads itself, through the parentheses of joins."""
    alias_at = -1
    for place, child in enumerate(node):
        if place == alias_at:
            continue
        if isinstance(child, list):
            if expected and not _is_query(child):
                yield from _read(child, expected=True)
            expected = False
            continue
        word = str(child)
        if expected and _RELATION.fullmatch(word.rstrip(",")):
            table = word.rstrip(",").rpartition(".")[2]
            after = node[place + 1] if place + 1 < len(node) else None
            given = after.rstrip(",") if isinstance(after, str) else ""
            alias = bool(_ALIAS.fullmatch(given)) and not _NO_ALIAS.fullmatch(given)
            named = alias and not word.endswith(",")
            alias_at = place + 1 if named else -1
            yield _Item(node, place, table, given if named else table)
            expected = word.endswith(",") or (named and str(after).endswith(","))
            continue
        expected = word in _TABLE_FOLLOWS
