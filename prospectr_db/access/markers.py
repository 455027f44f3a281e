"""How a row is recognised in the output of a view or function: by values nobody else has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from prospectr_db.access.world import OWNER, World
from prospectr_db.database.catalog import Catalog

__all__ = ["Markers", "Seen"]

_UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_LEAST = 8


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer showed: something of one's own, of somebody else's, and under which keys."""

    own: bool
    other: bool
    columns: tuple[str, ...]


class Markers:
    """The values by which the rows of each universe are recognised.

    A value counts where it is a uuid or a longer text and only one universe has it, so that a
    constant such as ``draft`` proves nothing.
    """

    def __init__(self, catalog: Catalog, world: World) -> None:
        self._by_value: dict[str, set[str]] = {}
        self._keys: dict[str, set[str]] = {}
        for (oid, key), row in world.rows.items():
            relation = catalog.by_oid[oid]
            home = OWNER if key.startswith((f"{OWNER} ", "orphan")) else key
            for name, value in row.values.items():
                column = relation.by_name.get(name)
                if value is None or column is None:
                    continue
                if column.base_name == "uuid" or (
                    column.category == "S" and (len(value) >= _LEAST or _UUID.match(value))
                ):
                    self._by_value.setdefault(value, set()).add(home)
        for value, homes in self._by_value.items():
            if len(homes) == 1:
                self._keys.setdefault(next(iter(homes)), set()).add(value)

    def of(self, key: str) -> set[str]:
        """Return the values that only one universe has."""
        return self._keys.get(key, set())

    def found(self, output: Iterable[str], key: str) -> list[str]:
        """Return the lines of an output that show something of a universe."""
        values = self.of(key)
        return [line for line in output if any(value in line for value in values)]

    def see(self, output: Sequence[str], actor: str | None) -> Seen:
        """Return what an answer, a line of JSON per row, shows to somebody of the owner's rows."""
        own_values = self.of(actor) if actor else set()
        whole = self.found(output, OWNER)
        lines = self.found((piece for line in whole for piece in _pieces(json.loads(line))), OWNER)
        strange = [line for line in lines if not any(value in line for value in own_values)]
        own = bool(actor and self.found(output, actor))
        columns = {key for line in strange or lines for key in _keys(line)}
        return Seen(own, bool(strange) and actor != OWNER, tuple(sorted(columns)))


def _pieces(value: Any) -> Iterator[str]:
    """Yield the rows inside an answer that are put together into one, each as a line of its own."""
    if isinstance(value, list):
        for item in value:
            yield from _pieces(item)
        return
    if isinstance(value, dict):
        nested = {key: item for key, item in value.items() if isinstance(item, list)}
        for item in nested.values():
            yield from _pieces(item)
        value = {key: item for key, item in value.items() if key not in nested}
    yield json.dumps(value, ensure_ascii=False)


def _keys(line: str) -> list[str]:
    value = json.loads(line)
    return list(value) if isinstance(value, dict) else []
