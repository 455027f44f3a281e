"""Columns that are compared with another of the same row: used up, full, over the limit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from prospectr_db.access.policies.decisions import Text
from prospectr_db.access.policies.expressions import normalise
from prospectr_db.access.writing.values import same_value
from prospectr_db.database.catalog import Relation

__all__ = ["compared_columns", "is_beside", "is_usual", "resolved", "values_beside"]

_SIGN = r"(?: [+-] \d+)? (?:<=|>=|<>|!=|<|>|=) "
_LIMIT = re.compile(r"max|limit|cap|quota|total|allow", re.IGNORECASE)
_BESIDE = re.compile(r"(\w+?)([+-]1)?")
Values = tuple[str | None, ...]


def compared_columns(relation: Relation, texts: Iterable[Text]) -> dict[str, str]:
    """Return the numbers that something compares with another number of the row, each with that.

    Whichever side they are written on, the one that sounds like a limit is what is compared with.
    """
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    settled = {*linked, *relation.primary_key}
    numbers = {c.name for c in relation.columns if c.category == "N"} - settled
    found: dict[str, str] = {}
    if len(numbers) < 2:
        return found
    either = "|".join(sorted(map(re.escape, numbers)))
    column = rf"\b(?:\w+\.)?({either})\b"
    asked = re.compile(rf"{column}{_SIGN}(?:\w+\.)?({either})\b")
    for text, pairs in texts:
        named = {name for oid, name in pairs if oid == relation.oid}
        if len(named & numbers) > 1:
            for pair in asked.findall(normalise(text)):
                one, other = sorted(pair, key=lambda name: (bool(_LIMIT.search(name)), name))
                if one != other and {one, other} <= named:
                    found[one] = other
    return found


def values_beside(other: str) -> Values:
    """Return the values worth telling apart: as much as the other column says, more and less."""
    return other, f"{other}+1", f"{other}-1"


def is_beside(relation: Relation, name: str, value: str | None) -> bool:
    """Whether a value is told by another column: ``max_uses+1`` of ``uses``."""
    found = _BESIDE.fullmatch(value or "")
    both = [relation.by_name.get(column) for column in (name, found[1])] if found else []
    return bool(both) and all(column and column.category == "N" for column in both)


def is_usual(
    relation: Relation, values: Mapping[str, str | None], name: str, value: str | None
) -> bool:
    """Whether a row is in a state as it was built; how its numbers happen to be is no matter."""
    return not is_beside(relation, name, value) and same_value(value, values.get(name))


def resolved(
    relation: Relation, values: Mapping[str, str | None], name: str, value: str | None
) -> dict[str, str | None] | None:
    """Return what a row must hold to be in a state; None where its numbers cannot say it.

    The other column stays as it is; where it has no value there is no limit, and it is given one.
    """
    found = _BESIDE.fullmatch(value or "")
    if found is None or not is_beside(relation, name, value):
        return {name: value}
    other, step = values.get(found[1]) or "2", int(found[2] or 0)
    if not re.fullmatch(r"-?\d+", other):
        return None
    return {found[1]: other, name: str(int(other) + step)}
