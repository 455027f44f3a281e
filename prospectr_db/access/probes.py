"""Which statements are tried: every command, form, row class and column, for one persona."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from prospectr_db.access.above import above
from prospectr_db.access.between import between
from prospectr_db.access.crossings import crossings, links_of
from prospectr_db.access.expressions import normalise
from prospectr_db.access.inhabitants import OTHER, OWNER, VICTIM, Row, Slot, World
from prospectr_db.access.knocks import Knocker, Probe
from prospectr_db.access.own_standing import states_of_standing
from prospectr_db.access.ownership import Ownership
from prospectr_db.access.polymorphic import kinds_of
from prospectr_db.access.probes_insert import inserts
from prospectr_db.access.probes_rows import deletes, selects, truncate
from prospectr_db.access.probes_update import updates
from prospectr_db.access.row_classes import state_name
from prospectr_db.access.statements import delete, equals, literal, quote_identifier, update
from prospectr_db.access.values import candidates, naming
from prospectr_db.database.catalog import Catalog, Column, Constraint, Relation

__all__ = ["Knocker", "Plan", "Probe"]


class Plan:
    """The probes of one relation."""

    def __init__(
        self, catalog: Catalog, ownership: Mapping[int, Ownership], world: World, relation: Relation
    ) -> None:
        self.catalog = catalog
        self.world = world
        self.relation = relation
        self.owner = ownership[relation.oid]
        self.ownership = ownership
        self._taken: dict[str, Mapping[str, str | None]] = {}
        self._made_up: dict[str, list[str]] = {}
        self._unheard: set[tuple[str, str | None]] = set()

    @cached_property
    def source(self) -> Relation:
        """The relation whose rows these are: the root of a partition, else the relation itself."""
        relation = self.relation
        while relation.is_partition and relation.parents:
            relation = self.catalog.by_oid[relation.parents[0]]
        return relation

    @property
    def slot(self) -> Slot | None:
        """What a partition takes; None for a table that is none, or that stayed empty."""
        return self.world.slots.get(self.relation.oid)

    @cached_property
    def targets(self) -> dict[str, Row]:
        """The rows that statements aim at, by the key that names them."""
        if self.relation.is_partition:
            if self.slot is None:
                return {}
            row = self.world.rows[self.source.oid, self.slot.key]
            his = self.slot.key == OWNER or self.slot.key.startswith(f"{OWNER} in ")
            return {OWNER if his else "somebody": row}
        mixed = (f"{OWNER} as {name}" for name in self.ownership[self.source.oid].users)
        rows = {key: self.world.row(self.source, key) for key in (OWNER, "orphan", *mixed)}
        return {key: row for key, row in rows.items() if row is not None}

    def row_class(self, knocker: Knocker, key: str) -> str:
        """Return whose row it is, seen by a persona."""
        if key == "orphan":
            return "orphan"
        if not self.ownership[self.source.oid].owned:
            return "any"
        if key == OWNER and self.source.oid in self.world.rosters:
            return "other"
        if key == knocker.actor:
            return next((f"as {n}" for n in self.ways_of(key)), "own")
        if key.startswith(f"{OWNER} as "):
            return key.removeprefix(f"{OWNER} ") if knocker.actor == OWNER else f"other's {key[2:]}"
        return "other"

    def listed(self, column: str, actor: str | None, *, but: str | None = None) -> str | None:
        """Return whom a column can name that holds nobody but those on a list, as it names them.

        The user himself where he is on it, or else another one than a row has already (``but``).
        """
        roster = self.owner.listing[column]
        wanted = next(
            target
            for fk in self.relation.foreign_keys
            for name, target in zip(fk.columns, fk.target_columns, strict=True)
            if fk.target == roster and fk.columns == (column,)
        )
        here = [self.world.rows[roster, actor or ""]] if self.world.is_listed(roster, actor) else []
        rows = (row for (oid, _), row in self.world.rows.items() if oid == roster)
        values = [row.values[wanted] for row in (*here, *rows)]
        return next((value for value in values if value != but), None)

    def ways_of(self, actor: str | None) -> list[str]:
        """Return the columns that can name a user because he is on a list that gives power."""
        return [n for n, oid in self.owner.listing.items() if self.world.is_listed(oid, actor)]

    def variants(
        self, row: Row | None = None, *, knocker: Knocker | None = None
    ) -> Iterator[tuple[str, str]]:
        """Yield each state that policies tell apart, as a name and the statement that makes it.

        Of the owner's row, or of another one below the same parents; as some ``knocker``.
        """
        yield from self._states_of(self.relation, "", None, row)
        for _, name, preparation in self.states_above(knocker):
            yield name, preparation

    def own_states(self, row: Row) -> Iterator[tuple[str, str]]:
        """Yield the states of one row that lie in itself, whatever is above it."""
        yield from self._states_of(self.relation, "", None, row)

    def states_of_parent(self, fk: Constraint, row: Row) -> Iterator[tuple[str, str]]:
        """Yield the same states of one parent, for another row of it than the owner's."""
        parent = self.catalog.by_oid[fk.target or 0]
        yield from self.states_of_table(parent, self.owner.parent_states, row)

    def states_behind(
        self, kind: str, given: Mapping[str, str | None]
    ) -> Iterator[tuple[str, str]]:
        """Yield the states of a new row's parents, where its own state is asked for beside them.

        Of the parent that makes it a row of its ``kind``, where one does.
        """
        if not any(
            (self.relation.oid, name) in self.owner.asked_of_new for name in self.owner.states
        ):
            return
        named = kind.removeprefix("for another ").removeprefix("own under other's ").split(", ")
        keys = self.relation.foreign_keys
        for fk in [fk for fk in keys if set(named) & set(fk.columns)] or keys:
            pairs = list(zip(fk.columns, fk.target_columns, strict=True))
            for key in (OWNER, OTHER, VICTIM):
                row = self.world.rows.get((fk.target or 0, key))
                if row is not None and all(given.get(n) == row.values[t] for n, t in pairs):
                    yield from self.states_of_parent(fk, row)
                    break

    def states_above(
        self, knocker: Knocker | None = None
    ) -> Iterator[tuple[Constraint | None, str, str]]:
        """Yield the states of what is above that decide: the key there, name and statement.

        To the owner also those of his own standing, to which no key need lead.
        """
        yield from self._states_above
        if knocker is not None and knocker.actor == OWNER:
            yield from ((None, name, preparation) for name, preparation in self._own_standing)

    @cached_property
    def _states_above(self) -> tuple[tuple[Constraint, str, str], ...]:
        return tuple(
            (fk, name, preparation)
            for fk, top in above(self.catalog, self.relation)
            for name, preparation in self.states_of_table(top, self.owner.parent_states)
        )

    def same_above(self, universe: str) -> dict[str, str]:
        """Return what brings somebody else's rows above into the same states, by their names."""
        return {
            name: preparation
            for _, top in above(self.catalog, self.relation)
            if (row := self.world.row(top, universe)) is not None
            for name, preparation in self.states_of_table(top, self.owner.parent_states, row)
        }

    @cached_property
    def _own_standing(self) -> tuple[tuple[str, str], ...]:
        return tuple(states_of_standing(self))

    def states_of_table(
        self, table: Relation, told: Collection[tuple[str, str]], row: Row | None = None
    ) -> Iterator[tuple[str, str]]:
        """Yield the states of another table's row, in the columns that are ``told`` apart."""
        names = {name for label, name in told if label == table.name}
        single = dict(self._states_of(table, f"{table.name}.", names, row))
        yield from single.items()
        found = (
            tuple(f"{table.name}.{s}" for s in some)
            for some in self.world.together.get(table.oid, ())
        )
        for some in dict.fromkeys((*found, *sorted(self.owner.together))):
            if single.keys() >= set(some):
                yield ", ".join(some), "; ".join(single[state] for state in some)

    def _states_of(
        self,
        relation: Relation,
        prefix: str,
        names: set[str] | None = None,
        row: Row | None = None,
    ) -> Iterator[tuple[str, str]]:
        row = row or self.world.row(relation, OWNER)
        if row is None:
            return
        possible = self.ownership[relation.oid].told
        for name, value in [(name, value) for name, told in possible.items() for value in told]:
            values = self.world.states.get((relation.oid, name, value))
            if values is not None and (names is None or name in names):
                shown = state_name(name, value)
                kept = [n for n in row.values if n not in possible and n not in values]
                names_kept = relation.primary_key or kept or row.values
                where = equals(relation, {n: row.values[n] for n in names_kept})
                if relation is self.relation:
                    self._taken[shown] = values
                yield f"{prefix}{shown}", update(relation, values, where)

    def in_state(self, row: Row, *states: str) -> Row:
        """Return a row as it is found in states that were yielded: without a key by what it holds.

        What is generated from other columns is left out, for it changes with them.
        """
        if self.relation.primary_key or self.source.primary_key:
            return row
        kept = {n: v for n, v in row.values.items() if not self.relation.by_name[n].generated}
        for state in states:
            kept |= self._taken.get(state, {})
        return replace(row, values=kept)

    def where(self, row: Row) -> str:
        """Return the condition that picks one known row."""
        names = self.relation.primary_key or self.source.primary_key or tuple(row.values)
        return equals(self.relation, {name: row.values[name] for name in names})

    def changed(self, column: str | None = None) -> str:
        """Return the question which known rows changed, in one column or at all."""
        names = self.relation.primary_key or self.source.primary_key
        known = self.known()
        if not names or column is None:
            if self.relation.oid != self.source.oid:
                moved = "to_jsonb(t) is distinct from r.image"
            else:
                moved = "(t.tableoid, t.ctid) is distinct from (r.partition, r.place)"
            return " ".join((known, "and", moved))
        value = "".join(("->>", literal(column)))
        return "".join((known, " and to_jsonb(t)", value, " is distinct from r.image", value))

    def known(self) -> str:
        """Return the question which known rows there are, each beside what has become of it."""
        return " ".join(
            (
                "select array_agg(r.label order by r.label) from prospectr_access.rows as r",
                "left join",
                self.relation.sql_name,
                "as t on",
                self.joined_key(),
                "where r.relation =",
                str(self.source.oid),
            )
        )

    def gone(self) -> str:
        """Return the question which known rows are there no more."""
        names = self.relation.primary_key or self.source.primary_key
        return " ".join(
            (
                "select array_agg(r.label order by r.label) from prospectr_access.rows as r",
                "where r.relation =",
                str(self.source.oid),
                "and not exists (select 1 from",
                self.relation.sql_name,
                "as t where",
                self._joined(names),
                ")",
            )
        )

    def joined_key(self) -> str:
        """Return the condition that a known row and a row of the table are the same."""
        return self._joined(self.relation.primary_key or self.source.primary_key)

    def _joined(self, names: Iterable[str]) -> str:
        pairs = [
            "".join(("t.", quote_identifier(name), "::text = r.key[", str(place + 1), "]"))
            for place, name in enumerate(names)
        ]
        return " and ".join(pairs) or "(t.tableoid, t.ctid) = (r.partition, r.place)"

    def probes(self, knocker: Knocker) -> Iterator[Probe]:
        """Yield every probe for one persona."""
        if knocker.only is not None and self.source.oid not in knocker.only:
            return
        targets = self._targets_for(knocker)
        yield from selects(self, knocker, targets)
        yield from updates(self, knocker, targets)
        yield from deletes(self, knocker, targets)
        if self.relation.is_table and (self.slot is not None or not self.relation.is_partition):
            yield from inserts(self, knocker)
        yield from truncate(self, knocker)
        yield from crossings(self, knocker)
        yield from between(self, knocker)

    def targets_of(self, knocker: Knocker) -> dict[str, Row]:
        """Return the rows that statements of a persona aim at: a colleague has one of his own."""
        mine = self.world.rows.get((self.source.oid, knocker.actor or ""))
        colleague = self.world.is_colleague(knocker.actor) and not self.relation.is_partition
        return {**self.targets, knocker.actor or "": mine} if mine and colleague else self.targets

    def _targets_for(self, knocker: Knocker) -> list[tuple[str, Row, str | None]]:
        """Return (row class, row, preparation) for each row that this persona tries."""
        found: list[tuple[str, Row, str | None]] = []
        targets = self.targets_of(knocker)
        for key, row in targets.items():
            found.append((self.row_class(knocker, key), row, None))
        if OWNER in targets:
            rows = self.row_class(knocker, OWNER)
            for name, preparation in self.variants(knocker=knocker):
                row = self.in_state(targets[OWNER], name)
                found.append((f"{rows} [{name}]", row, preparation))
        return found

    def referring(self, name: str, value: str | None, home: str = OWNER) -> dict[str, str | None]:
        """Return what a row of some kind refers to, where a column says to which table it does."""
        found: dict[str, str | None] = {}
        for fk in kinds_of(self.relation):
            for kind, target, key in fk.kinds if fk.says == name else ():
                parent = self.world.rows.get((target, home))
                if kind == value and parent is not None:
                    found[fk.columns[0]] = parent.values[key]
        return found

    def home(self, knocker: Knocker) -> str:
        """Return the universe whose parents are a persona's own."""
        actor = self.world.actors.get(knocker.actor or "")
        return actor.world if actor else OWNER

    def links(self) -> list[Constraint]:
        """Return the foreign keys to rows that belong to somebody."""
        return links_of(self.catalog, self.ownership, self.relation)

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
                user = self.world.actors[VICTIM]
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

    def fitted(self, given: Mapping[str, str | None]) -> dict[str, str | None] | None:
        """Return a new row's values such that a partition takes them; None where it cannot."""
        if self.slot is None:
            return dict(given)
        links = {name for fk in self.relation.foreign_keys for name in fk.columns}
        for name, value in self.slot.values.items():
            if name in (*self.owner.users, *links) and given.get(name) != value:
                return None
        return {**given, **self.slot.values}

    def foreign_key(self, column: str) -> Constraint | None:
        """Return the narrowest foreign key that a column is part of."""
        found = [fk for fk in self.relation.foreign_keys if column in fk.columns]
        return min(found, key=lambda fk: len(fk.columns), default=None)

    def parent_value(self, fk: Constraint, column: str, home: str) -> str | None:
        """Return what a foreign key's column holds for the parent of a universe."""
        parent = self.world.rows.get((fk.target or 0, home))
        wanted = dict(zip(fk.columns, fk.target_columns, strict=True))[column]
        return parent.values[wanted] if parent else None

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

    def shown(self, column: Column, value: str | None) -> str:
        """Name a column; with its value where policies tell its values apart, a time by its day."""
        values = self.owner.states.get(column.name)
        if values is None:
            return column.name
        if column.category == "D" and value:
            return f"{column.name}={value.partition(' ')[0]}"
        return f"{column.name}={value if value in values else 'anything else'}"
