"""Times that are compared with one some way from now: within a day, older than an hour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from prospectr_db.access.policies.decisions import Text
from prospectr_db.access.policies.expressions import normalise
from prospectr_db.access.writing.times import moved_by
from prospectr_db.database.catalog import Column, Relation

__all__ = ["distances"]

_MOST = 6
_DAY = 86400
_NOW = r"\b(?:now|current_timestamp|statement_timestamp|clock_timestamp|localtimestamp)\b"
_LONG = r"(?:interval )?'(?P<long>[^']*)'(?: interval)?"
_IS = r" (?:<=|>=|<|>|=) "
_UNITS = {"sec": 1, "min": 60, "hour": 3600, "day": _DAY, "week": 7 * _DAY, "mon": 30 * _DAY}
_UNITS["year"] = 365 * _DAY
_PART = re.compile(r"(-?\d+(?:\.\d+)?) ?([a-z]+)|(-?)(\d+):(\d\d)(?::(\d\d))?", re.IGNORECASE)


def distances(relation: Relation, column: Column, texts: Iterable[Text]) -> tuple[str, ...]:
    """Return the times on both sides of each that policies compare a column with, as from now.

    One year and another tell whether something is over; who may cancel until the day before, or
    correct what is not an hour old, is told by what is nearer than that and what is further.
    """
    if column.category != "D" or column.base_name in ("time", "timetz", "interval"):
        return ()
    found = []
    for text, pairs in texts:
        if (relation.oid, column.name) in pairs:
            for seconds in _compared(column.name, normalise(text)):
                # A date says no more than the day.
                if column.base_name != "date" or abs(seconds) >= 4 * _DAY:
                    found += [moved_by(seconds * 3 // 4), moved_by(seconds * 5 // 4)]
    return tuple(dict.fromkeys(found))[:_MOST]


def _compared(name: str, text: str) -> Iterator[int]:
    """Yield how far from now what a column is compared with lies, in seconds."""
    column = rf"(?<![\w.'])(?:\w+\.)*{re.escape(name)}\b"
    for pattern, turned in (
        (rf"{column}{_IS}{_NOW} (?P<sign>[+-]) {_LONG}", 1),
        (rf"{_NOW} (?P<sign>[+-]) {_LONG}{_IS}{column}", 1),
        (rf"{column} (?P<sign>[+-]) {_LONG}{_IS}{_NOW}", -1),
        (rf"{_NOW}{_IS}{column} (?P<sign>[+-]) {_LONG}", -1),
        (rf"{_NOW} (?P<sign>-) {column}{_IS}{_LONG}", 1),
        (rf"{_LONG}{_IS}{_NOW} (?P<sign>-) {column}", 1),
        (rf"{column} (?P<sign>-) {_NOW}{_IS}{_LONG}", -1),
        (rf"{_LONG}{_IS}{column} (?P<sign>-) {_NOW}", -1),
    ):
        for found in re.finditer(pattern, text, re.IGNORECASE):
            seconds = _seconds(found["long"])
            if seconds:
                yield turned * (seconds if found["sign"] == "+" else -seconds)


def _seconds(interval: str) -> int:
    """Return how long an interval is; nothing where it is not written as PostgreSQL writes it."""
    total = 0.0
    for number, unit, minus, hours, minutes, seconds in _PART.findall(interval):
        if unit:
            known = (_UNITS[name] for name in _UNITS if unit.lower().startswith(name))
            total += float(number) * next(known, 0)
        else:
            clock = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
            total += -clock if minus else clock
    return int(total)
