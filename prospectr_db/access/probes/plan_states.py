"""The states of one relation's rows: which there are, and what brings a row into each of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from prospectr_db.access.matrix.row_classes import state_name
from prospectr_db.access.ownership.above import above, below_and_beside, beside_new
from prospectr_db.access.ownership.own_standing import states_of_standing
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.policies.guards import Guards, guards_of
from prospectr_db.access.probes.plan_known import KnownRows
from prospectr_db.access.rows.inhabitants import OTHER, OWNER, VICTIM, Row
from prospectr_db.access.writing.statements import equals, literal, typed, update
from prospectr_db.database.catalog import Constraint, Relation

__all__ = ["RowStates"]


class RowStates(KnownRows):
    """The known rows of one relation in each state that policies tell apart."""

    @cached_property
    def guards(self) -> Guards:
        """What triggers say that changing a row sets off."""
        return guards_of(self.catalog, self.relation, "update")

    @cached_property
    def _taken(self) -> dict[str, Mapping[str, str | None]]:
        return {}

    def variants(
        self, row: Row | None = None, *, knocker: Knocker | None = None
    ) -> Iterator[tuple[str, str]]:
        """Yield each state that policies tell apart, as a name and the statement that makes it.

        Of the owner's row, or of another one below the same parents; as some ``knocker``.
        """
        yield from self._states_of(self.relation, "", None, row)
        for _, name, preparation in self.states_above(knocker):
            yield name, preparation
        yield from self._states_beside

    def own_states(self, row: Row) -> Iterator[tuple[str, str]]:
        """Yield the states of one row that lie in itself, whatever is above it."""
        yield from self._states_of(self.relation, "", None, row)

    def states_of_parent(self, fk: Constraint, row: Row) -> Iterator[tuple[str, str]]:
        """Yield the same states of one parent, for another row of it than the owner's."""
        parent = self.catalog.by_oid[fk.target or 0]
        yield from self.states_of_table(parent, self.owner.parent_states, row)

    def states_of_part(self, fk: Constraint, row: Row) -> Iterator[tuple[str, str]]:
        """Yield those of a parent that is the owner's in part.

        Where it holds him as his own does, also those by which policies know him.
        """
        parent = self.catalog.by_oid[fk.target or 0]
        mine, users = self.world.row(parent, OWNER), self.ownership[parent.oid].deciding
        his = mine and users and all(mine.values[name] == row.values[name] for name in users)
        told = self.owner.own_standing if his else frozenset()
        yield from self.states_of_table(parent, self.owner.parent_states | told, row)

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

    def states_for_new(
        self, knocker: Knocker | None = None
    ) -> Iterator[tuple[Constraint | None, str, str]]:
        """Yield the same for a new row, and the states of what is beside it that it is asked for.

        The subscription of the account that a document is for: it lets in more, or no more.
        """
        yield from self.states_above(knocker)
        told = self.owner.beside_new
        named = {table for table, _ in told}
        others = [other for other in self.catalog.own_relations if other.name in named]
        for link, other in beside_new(self.catalog, self.source, others):
            for name, preparation in self.states_of_table(other, told):
                yield link, name, preparation

    @cached_property
    def _states_above(self) -> tuple[tuple[Constraint, str, str], ...]:
        return tuple(
            (fk, name, preparation)
            for fk, top in above(self.catalog, self.relation)
            for name, preparation in self.states_of_table(top, self.owner.parent_states)
        )

    @cached_property
    def _states_beside(self) -> tuple[tuple[str, str], ...]:
        """The states of what hangs under the owner's row, or shares a parent with it."""
        told = {table for table, _ in self.owner.parent_states}
        others = [other for other in self.catalog.own_relations if other.name in told]
        return tuple(
            state
            for other in below_and_beside(self.catalog, self.source, others)
            for state in self.states_of_table(other, self.owner.parent_states)
        )

    def same_above(self, universe: str) -> dict[str, str]:
        """Return what brings somebody else's rows above into the same states, by their names."""
        return {
            name: preparation
            for _, top in above(self.catalog, self.relation)
            if (row := self.world.row(top, universe)) is not None
            for name, preparation in self.states_of_table(top, self.owner.parent_states, row)
        }

    def changed_in(self, column: str, state: str) -> str:
        """Return the question which rows have another value than they were given for a state."""
        given = self._taken.get(state, {})
        if column not in given or not (self.relation.primary_key or self.source.primary_key):
            return self.changed(column)
        now = "".join(("to_jsonb(t)->>", literal(column)))
        then = f"to_jsonb({typed(self.relation, column, given[column])})#>>'{{}}'"
        return " ".join((self.known(), "and", now, "is distinct from", then))

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
                made = update(relation, values, where)
                yield f"{prefix}{shown}", self.world.reaching((relation.oid, name, value), made)

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
