"""Columns that refer to one of several tables, and the column that says to which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prospectr_db.access.policies.decisions import Text
from prospectr_db.access.policies.expressions import TABLE
from prospectr_db.database.catalog import Column, Constraint, Relation

__all__ = ["Reference", "find_references", "kinds_of"]

_NAME = r'(?:"?(\w+)"?\.)?"?(\w+)"?'
_EQUAL = re.compile(rf"{_NAME}\)?\s*=\s*\(?{_NAME}", re.I)
_IN = re.compile(rf"{_NAME}\)?\s+in\s+\(\s*select\s+(?:distinct\s+)?{_NAME}\s+from\b", re.I)
_IS = re.compile(rf"{_NAME}\)?(?:::[\w ]+)?\s*=\s*\(?'((?:[^']|'')*)'", re.I)
_WHEN = re.compile(r"\bwhen\s+\(?'((?:[^']|'')*)'", re.I)
_CASE = re.compile(rf"\bcase\s+\(?{_NAME}", re.I)


@dataclass(frozen=True, slots=True)
class Reference(Constraint):
    """An undeclared key to one of several tables; ``kinds`` are (value, relation, key) each.

    ``says`` is the column that says which. The first is the one that it is taken for a key to.
    """

    says: str = ""
    kinds: tuple[tuple[str, int, str], ...] = ()


def kinds_of(relation: Relation) -> Iterator[Reference]:
    """Yield the keys of a relation that refer to one of several tables."""
    for fk in relation.foreign_keys:
        if isinstance(fk, Reference):
            yield fk


def find_references(
    texts: Iterable[Text], tables: Iterable[Relation], keyed: Mapping[int, Column]
) -> dict[tuple[int, str], tuple[str, tuple[tuple[str, int, str], ...]]]:
    """Return what each such column (relation, name) refers to: the column that says so, and kinds.

    Policies say it by a literal that stands before the table: ``kind = 'file' and exists (select
    from files …)``, or ``case kind when 'file' then …``. ``keyed`` are the key columns by relation.
    """
    known = list(tables)
    found: dict[tuple[int, str], dict[tuple[str, str], tuple[int, str]]] = {}
    for text, reads in texts:
        for pair, target, place in _referred(text, reads, known, keyed):
            said = _kind_before(text, place, pair, reads)
            if said is not None:
                goal = target, keyed[target].name
                found.setdefault(pair, {}).setdefault(said, goal)
    result = {}
    for pair, said_of in found.items():
        columns = {column for column, _ in said_of}
        if len(columns) == 1 and len({oid for oid, _ in said_of.values()}) > 1:
            kinds = tuple((value, *goal) for (_, value), goal in said_of.items())
            result[pair] = columns.pop(), kinds
    return result


def _referred(
    text: str,
    reads: frozenset[tuple[int, str]],
    tables: list[Relation],
    keyed: Mapping[int, Column],
) -> Iterator[tuple[tuple[int, str], int, int]]:
    """Yield (column, table whose key it is compared with, where in the text that table is)."""
    named = {relation.name: relation for relation in tables}
    places = [
        (found.start(), name, named[found[1]])
        for found in TABLE.finditer(text)
        if found[1] in named
        for name in (found[1], found[2])
        if name
    ]

    def table(name: str | None, until: int) -> tuple[int, Relation] | None:
        before = [(at, r) for at, known, r in places if known == name and at <= until]
        return before[-1] if before else None

    for found in _EQUAL.finditer(text):
        sides = (found[1], found[2]), (found[3], found[4])
        for (left, name), (right, key) in (sides, sides[::-1]):
            goal = table(right, found.start())
            if goal is not None and _is_key(goal[1], key, keyed):
                yield from _pairs(left, name, goal[1], reads, named, goal[0])
    for found in _IN.finditer(text):
        inside = [(at, r) for at, _, r in places if at >= found.end() - len("from")]
        if inside and _is_key(inside[0][1], found[4], keyed):
            yield from _pairs(found[1], found[2], inside[0][1], reads, named, found.start())


def _is_key(relation: Relation, name: str, keyed: Mapping[int, Column]) -> bool:
    return relation.oid in keyed and keyed[relation.oid].name == name


def _pairs(
    left: str | None,
    name: str,
    target: Relation,
    reads: frozenset[tuple[int, str]],
    named: Mapping[str, Relation],
    place: int,
) -> Iterator[tuple[tuple[int, str], int, int]]:
    """Yield the column that is meant: of the table it is qualified with, or that has it."""
    owner = named.get(left or "")
    for oid, column in reads:
        fits = owner is None if not left else owner is not None and owner.oid == oid
        if column == name and fits and oid != target.oid:
            yield (oid, column), target.oid, place


def _kind_before(
    text: str, place: int, pair: tuple[int, str], reads: frozenset[tuple[int, str]]
) -> tuple[str, str] | None:
    """Return the last column of the same table, and its value, that a text asks for before."""
    equal = [(m.start(), m[2], m[3]) for m in _IS.finditer(text, 0, place)]
    cases = [(m.start(), m[2]) for m in _CASE.finditer(text, 0, place)]
    for when in _WHEN.finditer(text, 0, place):
        of = [column for at, column in cases if at < when.start()]
        equal += [(when.start(), of[-1], when[1])] if of else []
    mine = [(at, c, v) for at, c, v in equal if (pair[0], c) in reads and c != pair[1]]
    if not mine:
        return None
    _, column, value = max(mine)
    return column, value.replace("''", "'")
