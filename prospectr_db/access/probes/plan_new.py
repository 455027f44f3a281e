"""New rows of one relation: which columns they say, with values that nothing else has."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from prospectr_db.access.ownership.polymorphic import kinds_of
from prospectr_db.access.policies.expressions import normalise
from prospectr_db.access.probes.plan_states import RowStates
from prospectr_db.access.rows.inhabitants import OWNER, VICTIM
from prospectr_db.access.writing.statements import delete, equals
from prospectr_db.access.writing.values import candidates, naming
from prospectr_db.database.catalog import Column

__all__ = ["NewRows"]


class NewRows(RowStates):
    """What rows of one relation may be made of, beside those that there are."""

    @cached_property
    def _made_up(self) -> dict[str, list[str]]:
        return {}

    @cached_property
    def _unheard(self) -> set[tuple[str, str | None]]:
        return set()

    def insert_values(
        self,
        actor: str,
        home: str,
        *,
        role: str,
        forced: Iterable[str] = (),
        ungranted: Collection[str] = (),
    ) -> dict[str, str | None] | None:
        """Return the columns of a new row: what it must have, and what policies look at.

        Only those that the role may write, and those ``ungranted`` that are named all the same.
        """
        wanted: dict[str, str | None] = {}
        for column in self.relation.columns:
            if not column.is_writable:
                continue
            must = column.not_null and column.default is None and not column.identity
            decides = self.decides(column.name) or column.name in forced
            granted = "a" in column.privileges.get(role, "") or not self.relation.holds_any(
                role, "a"
            )
            if not (must or decides) or not (granted or column.name in ungranted):
                continue
            if column.name in self.left_empty and column.name not in forced:
                if column.default is not None:
                    wanted[column.name] = None
                continue
            wanted[column.name] = self._insert_value(column, actor, home)
        for fk in self.relation.foreign_keys:
            if any(
                wanted.get(n) is None and n in wanted and self.relation.by_name[n].not_null
                for n in fk.columns
            ):
                return None
        return wanted

    @cached_property
    def left_empty(self) -> frozenset[str]:
        """The columns for somebody else that policies want to be empty in a new row."""
        texts = [
            normalise(policy.check or policy.using or "")
            for policy in self.relation.policies
            if policy.permissive and policy.command in ("insert", "all")
        ]
        said = " ".join(text for text in texts if " OR " not in text)  # else it may hold one
        keys = {name for fk in self.relation.foreign_keys for name in fk.columns}
        return frozenset(
            column.name
            for column in self.relation.columns
            if column.name in keys.union(self.owner.users)
            and not column.not_null
            and re.search(rf"\b{re.escape(column.name)} IS NULL\b", said)
        )

    def _insert_value(self, column: Column, actor: str, home: str) -> str | None:
        user = self.world.actors[actor]
        if column.name in self.owner.listing:
            return self.listed(column.name, actor)
        if column.name in self.owner.users:
            if column.name in self.world.substitutes.get(self.relation.oid, ()):
                user = self.world.named
            return naming(column, user.id)
        fk = self.foreign_key(column.name)
        if fk is not None:
            apart = self.world.is_apart(self.relation, self.owner.users, fk)
            return self.parent_value(fk, column.name, VICTIM if apart else home)
        sample = self.world.row(self.source, home) or self.world.row(self.source, OWNER)
        if column.name in self.owner.claims or column.name in self.owner.soft:
            return sample.values[column.name] if sample else None
        if column.name in self.owner.states and sample:
            return sample.values[column.name]
        unique = any(column.name in u.columns for u in self.relation.uniques)
        if sample and column.name in (self.relation.partition_key or ""):
            return sample.values[column.name]
        if sample and not unique:
            # What the world's row could have, this one can have too.
            return sample.values[column.name]
        return next(self.fresh_values(column))

    def referring(self, name: str, value: str | None, home: str = OWNER) -> dict[str, str | None]:
        """Return what a row of some kind refers to, where a column says to which table it does."""
        found: dict[str, str | None] = {}
        for fk in kinds_of(self.relation):
            for kind, target, key in fk.kinds if fk.says == name else ():
                parent = self.world.rows.get((target, home))
                if kind == value and parent is not None:
                    found[fk.columns[0]] = parent.values[key]
        return found

    def fitted(self, given: Mapping[str, str | None]) -> dict[str, str | None] | None:
        """Return a new row's values such that a partition takes them; None where it cannot."""
        if self.slot is None:
            return dict(given)
        links = {name for fk in self.relation.foreign_keys for name in fk.columns}
        for name, value in self.slot.values.items():
            if name in (*self.owner.users, *links) and given.get(name) != value:
                return None
        return {**given, **self.slot.values}

    def make_room(
        self, given: Mapping[str, str | None], *, spare: tuple[str, ...] = ()
    ) -> str | None:
        """Return the statement that removes a row which the new one would collide with.

        A collision on exactly the columns ``spare`` is left to happen, and none is possible where
        a value was made up: preparing is dear, because the server forgets its plans.
        """
        steps = [
            delete(self.relation, equals(self.relation, {n: given[n] for n in unique.columns}))
            for unique in self.relation.uniques
            if unique.columns
            and unique.columns != spare
            and all(given.get(name) is not None for name in unique.columns)
            and not any((name, given[name]) in self._unheard for name in unique.columns)
        ]
        return "; ".join(steps) or None

    def fresh_values(self, column: Column) -> Iterator[str]:
        """Yield likely values of a column that no row of the world has.

        Always the same ones: everything is undone, and a statement that several personas try is
        proved for all of them at once.
        """
        if column.name not in self._made_up:
            number = 900 + column.number
            self._made_up[column.name] = candidates(
                self.relation, column, tag="n", number=number, partitions=self._bounds
            )
            self._unheard |= {
                (column.name, value)
                for value in self._made_up[column.name]
                if column.base_name == "uuid" or f"n{number}" in value.lower()
            }
        yield from self._made_up[column.name]

    @cached_property
    def _bounds(self) -> tuple[str, ...]:
        return tuple(
            child.partition_bound
            for child in self.catalog.children.get(self.relation.oid, ())
            if child.partition_bound
        )

    def decides(self, name: str) -> bool:
        """Whether policies may look at a column, so that a new row must say it."""
        in_parent = any(name in path.split(", ") for path in self.owner.parents)
        return (
            name in self.owner.users
            or name in self.owner.claims
            or name in self.owner.soft
            or in_parent
            or (name in self.owner.states and self.relation.by_name[name].default is None)
        )
