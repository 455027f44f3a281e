"""What a text only puts rows in order by: it decides which comes first, and nothing of any row."""

from __future__ import annotations

import re

__all__ = ["only_orders_by", "without_ordering"]

_BEGINS = re.compile(r"\border\s+by\b", re.IGNORECASE)
# What ends a list of expressions to sort by, where no parenthesis around it does (PostgreSQL's
# manual, SELECT), in SQL and in PL/pgSQL.
_ENDS = re.compile(
    r"'(?:[^']|'')*'|[()\[\];]"
    r"|\b(?:limit|offset|fetch|for|into|union|intersect|except|loop|rows|range|groups|then)\b",
    re.IGNORECASE,
)


def without_ordering(text: str) -> str:
    """Return an expression or a function's source without the lists that its ORDER BY sort by."""
    kept, place = [], 0
    while (found := _BEGINS.search(text, place)) is not None:
        kept.append(text[place : found.start()])
        place = _end(text, found.end())
    return "".join((*kept, text[place:]))


def _end(text: str, start: int) -> int:
    """Return where what is sorted by ends: at a parenthesis that it did not open, or a keyword."""
    depth = 0
    for found in _ENDS.finditer(text, start):
        sign = found[0]
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif sign.startswith("'") or depth:
            continue
        if depth < 0 or not (depth or sign in ")]"):
            return found.start()
    return len(text)


def only_orders_by(text: str, column: str) -> bool:
    """Whether a text names a column, and only to put rows in order by it."""
    if _BEGINS.search(text) is None:
        return False
    named = re.compile(rf"(?<!\w){re.escape(column)}(?!\w)")
    return named.search(text) is not None and named.search(without_ordering(text)) is None
