"""Which columns a function answers with: of its rows, or of the objects that it builds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from prospectr_db.access.functions.arguments import table_of
from prospectr_db.database.catalog import Catalog, Function

__all__ = ["answered", "declared"]

_ANSWER = "answer"
"""The name by which a call's answer goes that is a single value."""
# A key that is an id or a date names a thing, not a column.
_NAME = re.compile(r"[^\W\d]\w*")


def declared(catalog: Catalog, function: Function) -> set[str]:
    """Return the columns that a function's header says: OUT parameters, or a table's columns."""
    pairs = zip(function.argument_names, function.argument_modes, strict=False)
    named = {name for name, mode in pairs if mode in "obt" and name}
    table = table_of(catalog, function.return_type)
    return named | ({column.name for column in table.columns} if table else set())


def answered(lines: Iterable[str], *, filled: bool = False) -> set[str]:
    """Return the columns of an answer, a line of JSON per row; ``filled`` leaves out what is null.

    Of an object that is the whole answer also what is inside of it: ``author.name``.
    """
    found: set[str] = set()
    for line in lines:
        row = json.loads(line)
        whole = row.get(_ANSWER) if isinstance(row, dict) and len(row) == 1 else None
        inside = isinstance(whole, dict | list)
        if isinstance(row, dict) and (inside or _ANSWER not in row):
            pairs = _leaves(whole, "") if inside else iter(row.items())
            found |= {name for name, value in pairs if value is not None or not filled}
    return found


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            if _NAME.fullmatch(key):
                yield from _leaves(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _leaves(item, name)
    elif name:
        yield name, value or None if isinstance(value, dict | list) else value
