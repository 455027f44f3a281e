"""The owner's numbers and times as they might be otherwise: much greater, or much smaller."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from prospectr_db.access.observation import Observation
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.rows.reaching import reach_state
from prospectr_db.access.writing.statements import equals, update
from prospectr_db.database.catalog import Column, Relation

__all__ = ["Extremes"]

# The first that constraints take: a share or a mark from one to five can be no more than that.
_NUMBERS = {True: ("999983", "97", "5", "1"), False: ("-999983", "-1", "0")}
_TIMES = {True: "2091-01-01 00:00:00+00", False: "1999-01-01 00:00:00+00"}


@dataclass
class Extremes:
    """What brings the owner's rows to great or small amounts; found out once for each column."""

    observation: Observation
    _known: dict[tuple[int, str, bool], str | None] = field(default_factory=dict)

    def preparation(
        self,
        relations: Iterable[Relation],
        words: Collection[str],
        *,
        great: bool,
        numbers_beside: Collection[str] | None = None,
    ) -> str | None:
        """Return what changes the columns that ``words`` name; None where there are none.

        With ``numbers_beside`` only numbers, and none of those columns (``table.column``).
        """
        steps = [
            step
            for relation in relations
            for column in relation.columns
            if column.name in words
            and (
                numbers_beside is None
                or (
                    column.category == "N"
                    and f"{relation.name}.{column.name}" not in numbers_beside
                )
            )
            and (step := self._of(relation, column, great=great)) is not None
        ]
        return "; ".join(steps) or None

    def _of(self, relation: Relation, column: Column, *, great: bool) -> str | None:
        place = relation.oid, column.name, great
        if place not in self._known:
            self._known[place] = self._found(relation, column, great=great)
        return self._known[place]

    def _found(self, relation: Relation, column: Column, *, great: bool) -> str | None:
        owner = self.observation.ownership[relation.oid]
        row = self.observation.world.row(relation, OWNER)
        linked = {name for fk in relation.foreign_keys for name in fk.columns}
        settled = {*owner.users, *owner.claims, *linked, *relation.primary_key}
        if row is None or not owner.owned or column.name in settled or not column.is_writable:
            return None
        values = {"N": _NUMBERS[great], "D": (_TIMES[great],)}.get(column.category, ())
        for value in values:
            wanted: dict[str, str | None] = {column.name: value}
            whole = reach_state(self.observation.connection, relation, row, wanted)
            if whole is not None:
                names = relation.primary_key or tuple(row.values)
                return update(relation, whole, equals(relation, {n: row.values[n] for n in names}))
        return None
