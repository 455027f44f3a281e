"""What must hold for an alternative to let somebody in, and when it asks for less than another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prospectr_db.access.policies.spelling import DEFINER

__all__ = ["Alternative", "Part", "Rows", "asks_less", "bare", "nested", "ordered", "without_spare"]

_CALLER = "auth.uid()"
_TEXT = r"'(?:[^']|'')*'"
_COLUMN = re.compile(r"[\w.\"]+")
_SIGNED_IN = f"{_CALLER} IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Rows:
    """That tables have rows of which all of some parts hold, read with somebody's rights."""

    tables: frozenset[str]
    parts: frozenset[Part]
    definer: bool

    def __str__(self) -> str:
        rights = DEFINER if self.definer else "EXISTS"
        parts = " AND ".join(sorted(map(str, self.parts)))
        return f"{rights}({', '.join(sorted(self.tables))}: {parts})"


Part = str | Rows
Alternative = frozenset[Part]
"""What must all hold."""


def asks_less(one: Alternative, other: Alternative) -> bool:
    """Whether all that one alternative asks for holds wherever the other one does."""
    return all(any(_follows(part, more) for more in other) for part in one)


def _follows(part: Part, more: Part) -> bool:
    if isinstance(part, Rows) and isinstance(more, Rows):
        same = part.definer == more.definer and part.tables <= more.tables
        return same and asks_less(part.parts, more.parts)
    return part == more or (isinstance(part, str) and part in _known_of(more))


def _known_of(part: Part) -> tuple[str, ...]:
    """Return what follows from a comparison with a text: what equals one is not null."""
    if isinstance(part, Rows) or part.startswith("NOT "):
        return ()
    if found := re.fullmatch(rf"{_TEXT} = (.+)|(.+) = {_TEXT}", part):
        return (f"{found[1] or found[2]} IS NOT NULL",)
    return ()


def ordered(text: str) -> str:
    """Put the sides of a comparison in order."""
    left, equals, right = text.partition(" = ")
    if not equals or " = " in right:
        return text
    return " = ".join(sorted(map(bare, (left, right))))


def bare(side: str) -> str:
    """Return a side without parentheses around all of it."""
    inner = side[1:-1]
    whole = side.startswith("(") and side.endswith(")") and inner.find(")") >= inner.find("(")
    return inner if whole else side


def nested(tables: frozenset[str], parts: Alternative, *, definer: bool) -> Alternative:
    """Return the rows that a query and those in it ask for with the same rights.

    Tables that nothing links are asked each for itself: both have a row if each has one.
    """
    kept: set[Part] = set()
    for part in parts:
        same = isinstance(part, Rows) and (part.definer == definer or definer)
        if isinstance(part, Rows) and same and not part.tables & tables:
            tables |= part.tables
            kept |= part.parts
        else:
            kept.add(part)
    kept = set(_of_caller(without_spare(kept)))
    groups: list[set[str]] = [{table} for table in sorted(tables)]
    for part in kept:
        linked = [group for group in groups if any(_names(part, table) for table in group)]
        groups = [g for g in groups if g not in linked] + ([set().union(*linked)] if linked else [])
    rows = [
        Rows(
            frozenset(group),
            frozenset(part for part in kept if any(_names(part, table) for table in group)),
            definer,
        )
        for group in groups
    ]
    free = {part for part in kept if not any(_names(part, table) for table in tables)}
    return frozenset({*rows, *free})


def _names(part: Part, table: str) -> bool:
    name = re.escape(table.rpartition(".")[2])
    return re.search(rf"(?<![\w.\"]){name}\.", str(part)) is not None


def _of_caller(parts: Iterable[Part]) -> Iterator[Part]:
    """Compare with the caller whatever is equal to what he is compared with."""
    found = set(parts)
    pairs = [tuple(p.split(" = ")) for p in found if isinstance(p, str) and p.count(" = ") == 1]
    his = {_CALLER}
    for _ in pairs:
        his |= {side for pair in pairs for side in pair if set(pair) & his}
    for part in found:
        pair = part.split(" = ") if isinstance(part, str) else []
        if len(pair) == 2 and set(pair) <= his and _CALLER not in pair:
            yield from (ordered(f"{side} = {_CALLER}") for side in pair)
        else:
            yield part


def without_spare(parts: Iterable[Part]) -> Iterator[Part]:
    """Leave out that there is a caller, or a value, where it is compared, and what is true."""
    found = set(parts) - {"true"}
    compared = any(_compares_caller(part) for part in found)
    pairs = (p.split(" = ") for p in found if isinstance(p, str) and not p.startswith("NOT "))
    sides = {side for pair in pairs if len(pair) == 2 for side in pair if _COLUMN.fullmatch(side)}
    there = {f"{side} IS NOT NULL" for side in sides}
    spare = {*there, _SIGNED_IN} if compared else there
    yield from (part for part in found if part not in spare)


def _compares_caller(part: Part) -> bool:
    if isinstance(part, Rows):
        return any(map(_compares_caller, part.parts))
    return _CALLER in part.split(" = ") and not part.startswith("NOT ")
