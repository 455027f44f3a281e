"""Limits that rows hold: a number that a count is compared with, such as how many a plan allows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from prospectr_db.access.ownership.told_apart import is_forbidden
from prospectr_db.access.policies.decisions import Text
from prospectr_db.access.policies.expressions import COMMENT, normalise
from prospectr_db.database.catalog import Column, Relation

__all__ = ["limiting", "limiting_elsewhere"]

_COUNTS = re.compile(r"\bcount\b", re.IGNORECASE)
_ORDER = r"(?:<=?|>=?)"
_LIMIT = re.compile(r"max|limit|cap|quota|allow|size", re.IGNORECASE)
_BEFORE = r"(?<![-=<])"


def limiting(relation: Relation, column: Column, texts: Iterable[Text]) -> tuple[str, ...]:
    """Return the value of a number at which nothing more is allowed, where something counts to it.

    That is none, or one where a check forbids none: as many are there. Be the number put into a
    variable before. What is compared with a number of the same row is told by that.
    """
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    if column.category != "N" or column.name in {*linked, *relation.primary_key}:
        return ()
    pair = (relation.oid, column.name)
    counting = (text for text, pairs in texts if pair in pairs and _COUNTS.search(text))
    compared = any(_is_compared(column.name, text) for text in counting)
    return _lowest(relation, column) if compared else ()


def limiting_elsewhere(
    relation: Relation, column: Column, source: str, tables: Iterable[Relation]
) -> tuple[str, ...]:
    """Return the same of a number that sounds like a limit of one in a row of another table.

    Of those ``tables`` that a function names: how many calls were made, and how many a plan allows.
    """
    if column.category != "N" or not _LIMIT.search(column.name):
        return ()
    others = {c.name for t in tables if t is not relation for c in t.columns if c.category == "N"}
    either = "|".join(sorted(map(re.escape, others - {column.name}))) or "(?!)"
    other, mine = rf"(?:\w+\.)*(?:{either})\b", rf"(?:\w+\.)*{re.escape(column.name)}\b"
    sign = rf"(?: [+-] \w+)? {_ORDER} (?:select )?"
    asked = rf"\b{other}{sign}{mine}|\b{mine}{sign}{other}"
    found = re.search(asked, normalise(COMMENT.sub(" ", source)), re.IGNORECASE)
    return _lowest(relation, column) if found else ()


def _lowest(relation: Relation, column: Column) -> tuple[str, ...]:
    return next(((str(n),) for n in (0, 1) if not is_forbidden(relation, column, n)), ())


def _is_compared(name: str, text: str) -> bool:
    """Whether a text says that something is more or less than a column, or than what holds it."""
    plain = normalise(COMMENT.sub(" ", text))
    held = rf"\bselect\b[^;]*?\b{re.escape(name)}\b(?:(?!\bfrom\b)[^;])*?\binto (?:strict )?(\w+)"
    assigned = rf"(\w+) :?= [^;]*?\b{re.escape(name)}\b"
    found = (v for pair in re.findall(rf"{held}|{assigned}", plain, re.IGNORECASE) for v in pair)
    names = "|".join(map(re.escape, dict.fromkeys((name, *filter(None, found)))))
    asked = rf"{_BEFORE}{_ORDER} (?:select )?(?:\w+\.)*(?:{names})\b|\b(?:{names}) {_ORDER}(?![>=])"
    return re.search(asked, plain, re.IGNORECASE) is not None
