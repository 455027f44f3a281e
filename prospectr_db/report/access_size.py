"""How much was observed, in words: tables, views, functions, channels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from prospectr_db.access.matrix.matrix import TableAccess

__all__ = ["counted", "size_of"]


def size_of(tables: Iterable[TableAccess]) -> str:
    """Return how many of each kind there are, such as ``5 tables, 1 view, 6 functions``."""
    kinds = Counter(table.kind for table in tables)
    return ", ".join(counted(kinds[kind], kind, f"{kind}s") for kind in sorted(kinds, key=_order))


def counted(count: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{count} {one if count == 1 else many}"


_FIRST = ("table", "view", "materialized view", "function")


def _order(kind: str) -> tuple[int, str]:
    return (_FIRST.index(kind) if kind in _FIRST else len(_FIRST), kind)
