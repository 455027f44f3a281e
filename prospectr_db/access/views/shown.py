"""Which columns of a view show something of the owner's rows, and which hold it back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.rows.markers import Markers

__all__ = ["Columns"]


class Columns:
    """What a view's columns hold at most, as a superuser saw them in every state.

    A column that holds less for somebody is masked: it says nothing, or something else, where a
    superuser reads what only the owner's rows have.
    """

    def __init__(self, markers: Markers, outputs: Iterable[Sequence[str]]) -> None:
        self._markers = markers
        self.filled: set[str] = set()
        self._marked: set[str] = set()
        for lines in outputs:
            for line in markers.found(lines, OWNER):
                for name, value in _row(line).items():
                    if value is not None:
                        self.filled.add(name)
                    if self._is_marked(value):
                        self._marked.add(name)

    def shown(self, output: Sequence[str], actor: str | None) -> tuple[str, ...]:
        """Return the columns that show something to somebody who is shown rows of the owner's."""
        lines = self._markers.shown(output, actor)
        found = {
            name for line in lines for name, value in _row(line).items() if self._is(name, value)
        }
        return tuple(sorted(found))

    def _is(self, name: str, value: Any) -> bool:
        if name in self._marked:
            return self._is_marked(value)
        return value is not None or name not in self.filled

    def _is_marked(self, value: Any) -> bool:
        return value is not None and bool(
            self._markers.found([json.dumps(value, ensure_ascii=False)], OWNER)
        )


def _row(line: str) -> dict[str, Any]:
    value = json.loads(line)
    return value if isinstance(value, dict) else {}
