"""Limits on how many rows a user may have: which tables are counted, and up to how many."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from prospectr_db.access.matrix.row_classes import ROWS_OF
from prospectr_db.access.policies.decisions import functions_behind
from prospectr_db.access.policies.expressions import normalise
from prospectr_db.access.policies.reach import trigger_functions
from prospectr_db.database.catalog import Catalog, Relation

__all__ = ["counted_in", "counted_rows"]

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
    return counted_in([*(policy.text for policy in policies), *(f.source for f in called)])


def counted_in(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the rows that some texts count, as ``rows of todos``, with how many of them matter."""
    whole = [normalise(text) for text in texts]
    tables = {table for text in whole for table in _COUNT.findall(text)}
    numbers = sorted({n for text in whole for n in _ends(text) if 1 < n <= _MOST})
    return {f"{ROWS_OF}{table}": tuple(map(str, numbers)) for table in sorted(tables) if numbers}


def _ends(text: str) -> Iterator[int]:
    for asked, one_more in _ONE_MORE.items():
        for pair in asked.findall(text):
            number, sign = sorted(pair, key=str.isdigit, reverse=True)
            yield int(number) + (sign in one_more)
