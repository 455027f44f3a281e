"""How a row is recognised in the output of a view or function: by values nobody else has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prospectr_db.access.rows.inhabitants import OWNER, Row, World
from prospectr_db.database.catalog import Catalog

__all__ = ["Markers", "Seen"]

_UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
_LEAST = 8


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer showed: something of one's own, of somebody else's."""

    own: bool
    other: bool


class Markers:
    """The values by which the rows of each universe are recognised.

    A value counts where it is a uuid or a longer text and only one universe has it, so that a
    constant such as ``draft`` proves nothing.
    """

    def __init__(
        self,
        catalog: Catalog,
        world: World,
        rows: Mapping[tuple[int, str], Row] | None = None,
    ) -> None:
        self._by_value: dict[str, set[str]] = {}
        self._keys: dict[str, set[str]] = {}
        self._world = world
        for (oid, key), row in (world.rows if rows is None else rows).items():
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
        self._shared: set[str] = set()
        self._common: dict[str, set[str]] = {}
        for value, homes in self._by_value.items():
            if OWNER in homes and homes & world.neighbours:
                # What their tenants share, such as a workspace, is neither's more than the other's.
                for key in homes & world.neighbours:
                    self._common.setdefault(key, set()).add(value)
                homes -= world.neighbours
            if len(homes) == 1:
                self._keys.setdefault(next(iter(homes)), set()).add(value)
            elif OWNER in homes and all(h == OWNER or world.is_colleague(h) for h in homes):
                self._shared.add(value)

    def of(self, key: str) -> set[str]:
        """Return the values that only one universe has."""
        return self._keys.get(key, set())

    def found(self, output: Iterable[str], key: str) -> list[str]:
        """Return the lines of an output that show something of a universe."""
        return _with_any(output, self.of(key))

    def see(self, output: Sequence[str], actor: str | None) -> Seen:
        """Return what an answer, a line of JSON per row, shows to somebody of the owner's rows."""
        own = bool(actor and self.found(output, actor))
        return Seen(own, actor != OWNER and bool(self._strange(output, actor)))

    def shown(self, output: Sequence[str], actor: str | None) -> list[str]:
        """Return the lines that show something of the owner's, without those of a reader's own."""
        whole = _with_any(output, self._owners(actor))
        return self._strange(whole, actor) or whole

    def _strange(self, output: Sequence[str], actor: str | None) -> list[str]:
        """Return the lines with a row in them that is the owner's, and nothing of it a reader's."""
        owners = self._owners(actor)
        own = self.of(actor) if actor and actor != OWNER else set()
        return [
            line
            for line in _with_any(output, owners)
            if any(
                not any(value in piece for value in own)
                for piece in _with_any(_pieces(json.loads(line)), owners)
            )
        ]

    def _owners(self, actor: str | None) -> set[str]:
        """Return what somebody knows the owner's rows by, without what is above both of them."""
        return (self.of(OWNER) | self._from_inside(actor)) - self._common.get(actor or "", set())

    def _from_inside(self, actor: str | None) -> set[str]:
        """Return what the owner shares with his colleagues only, such as the id of their tenant.

        None of it for whoever is one of them: it is his as well.
        """
        inside = actor == OWNER or self._world.is_colleague(actor)
        return set() if inside else self._shared


def _with_any(lines: Iterable[str], values: set[str]) -> list[str]:
    return [line for line in lines if any(value in line for value in values)]


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
