"""How one row comes to be: its parents first, likely values, and others after each refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.ownership.ownership import Ownership
from prospectr_db.access.ownership.polymorphic import kinds_of
from prospectr_db.access.personas.claim_options import whole
from prospectr_db.access.policies.decisions import decision_texts, mentioned_by
from prospectr_db.access.policies.expressions import claim_keys
from prospectr_db.access.rows.attempts import TRIES, Attempt
from prospectr_db.access.rows.inhabitants import (
    NEWCOMER,
    OTHER,
    OWNER,
    VICTIM,
    Actor,
    Row,
    Unbuildable,
    World,
)
from prospectr_db.access.rows.insertion import (
    adopt,
    comes_from_trigger,
    find_seeded,
    insert_row,
    take_leftover,
)
from prospectr_db.access.rows.sign_up import sign_up
from prospectr_db.access.writing.values import EMBEDDINGS, candidates, naming, seeded_uuid
from prospectr_db.database.catalog import Catalog, Column, Constraint, Relation
from prospectr_db.errors import SqlError

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Builder"]


def _addresses(catalog: Catalog, ownership: Mapping[int, Ownership]) -> Iterator[tuple[int, str]]:
    """Yield the columns whose e-mail address a function may compare with its caller's.

    That is in his token, or in the row of his account.
    """
    for function in catalog.functions:
        if "mail" not in function.source:
            continue
        named = {pair for pair in mentioned_by(catalog, function) if "mail" in pair[1]}
        accounts = {oid for oid, _ in named if ownership[oid].user_keyed}
        if catalog.users is not None:
            accounts |= {oid for oid, _ in named if oid == catalog.users.oid}
        looked_up = len({oid for oid, _ in named} | accounts) > 1 and accounts
        if looked_up or ("email",) in claim_keys(function.source):
            yield from named


_FIRST = (OWNER, OTHER, NEWCOMER, VICTIM)


class Builder:
    """Builds rows on demand, parents first."""

    def __init__(
        self,
        connection: Connection[Any],
        catalog: Catalog,
        ownership: Mapping[int, Ownership],
        supplied: Mapping[str, Mapping[str, str]],
        *,
        domain: str | None = None,
    ) -> None:
        self.connection = connection
        self.catalog = catalog
        self.ownership = ownership
        self.supplied = supplied
        self.domain = domain
        self.world = World()
        self.number = 0
        self.speaker: str | None = None
        self.pending: set[tuple[int, str]] = set()
        self.later: list[tuple[Relation, str, Constraint]] = []
        self.bounds: dict[int, tuple[str, ...]] = {}
        self.refused: psycopg.Error | None = None
        self.addresses = frozenset(_addresses(catalog, ownership))
        self.asked = {oid for _, pairs in decision_texts(catalog) for oid, _ in pairs}
        for relation in catalog.relations:
            for parent in relation.parents:
                if relation.partition_bound:
                    self.bounds[parent] = (*self.bounds.get(parent, ()), relation.partition_bound)

    def add_actor(self, actor: Actor) -> None:
        """Make a user as Supabase Auth would leave him; triggers on auth.users fire."""
        if self.domain is not None:
            email = actor.email.replace("@example.com", f"@{self.domain}")
            actor = replace(actor, email=email)
        self.world.actors[actor.key] = actor
        users = self.catalog.users
        if users is not None and sign_up(self, users, actor) is None and actor.key in _FIRST:
            problem = self.world.unbuildable[-1]
            raise SqlError(
                f"Nobody can sign up: {problem.relation} refuses a new user: {problem.reason}",
                hint="Look at the triggers on auth.users: without users no access can be seen.",
            )

    def get(self, relation: Relation, key: str) -> Row | None:
        """Return a relation's row in a universe, building it and its parents if need be."""
        place = (relation.oid, key)
        if place in self.world.rows or place in self.pending or not relation.is_table:
            return self.world.rows.get(place)
        self.pending.add(place)
        given = self.given(relation, key)
        if given is None:
            return None
        return self._found(relation, key, given[0]) or self.attempt(relation, key, *given)

    def _found(self, relation: Relation, key: str, given: dict[str, str | None]) -> Row | None:
        """Return a row that migrations made where policies ask for nobody's rows in particular.

        What each role may do, say: a row more would give somebody what nobody gave him.
        """
        if relation.oid not in self.asked or not self.is_nobodys(relation):
            return None
        row = take_leftover(self.connection, relation, given, taken=self._taken(relation))
        return self._keep(relation, key, row, adopted=True) if row is not None else None

    def given(self, relation: Relation, key: str) -> tuple[dict[str, str | None], set[str]] | None:
        """Return the values that are not guesses: users, parents, claims, what was supplied."""
        owner = self.ownership[relation.oid]
        actor = self.world.actors[key]
        given: dict[str, str | None] = {}
        for fk in relation.foreign_keys:
            values = self._parent_values(relation, fk, key)
            if values is None:
                return None
            given |= {name: value for name, value in values.items() if given.get(name) is None}
        given |= {fk.says: fk.kinds[0][0] for fk in kinds_of(relation)}
        for name in owner.users:
            column = relation.by_name[name]
            other = name in self.world.substitutes.get(relation.oid, ())
            # Of a list that gives power one row shows enough: whoever is on it is somebody else.
            other = other or (relation.oid in self.world.rosters and key == OWNER)
            other = other or self._names_listed(relation, name, key)
            held = self.world.actors[VICTIM].id if other and key != VICTIM else actor.id
            given[name] = naming(column, held)
        for name, path in owner.claims.items():
            column = relation.by_name[name]
            given.setdefault(name, naming(column, self._claim(column, path, actor)))
        for name in owner.soft:
            if relation.by_name[name].base_name == "uuid":
                given.setdefault(name, seeded_uuid("soft", name, actor.world))
        given |= self.supplied.get(relation.label, {})
        generated = {name for name in given if not relation.by_name[name].is_writable}
        given = {name: value for name, value in given.items() if name not in generated}
        return given, set(given)

    def _names_listed(self, relation: Relation, name: str, key: str) -> bool:
        """Whether a column names somebody on a list on which a user is not."""
        roster = self.ownership[relation.oid].listing.get(name)
        return roster is not None and not self.world.is_listed(roster, key)

    def _parent_values(
        self, relation: Relation, fk: Constraint, key: str
    ) -> dict[str, str | None] | None:
        """Return the foreign key's columns; empty to leave them out, None if it cannot be."""
        target = self.catalog.by_oid.get(fk.target or 0)
        pairs = list(zip(fk.columns, fk.target_columns, strict=True))
        optional = any(not relation.by_name[name].not_null for name in fk.columns)
        if target is None:
            if not optional:
                self.hopeless(relation, key, "its parent is not visible", fk)
            return {} if optional else None
        if self.world.is_apart(relation, self.ownership[relation.oid].users, fk):
            key = VICTIM if key != VICTIM else OTHER
        parent = self.parent(target, key)
        if parent is not None:
            return {name: parent.values[wanted] for name, wanted in pairs}
        if (target.oid, self._home(target, key)) in self.pending:
            if optional:
                self.later.append((relation, key, fk))
                return {}
            return {
                name: self._identity(target, wanted, self._home(target, key))
                for name, wanted in pairs
            }
        if not optional:
            self.hopeless(relation, key, f"{target.label} has no row", fk)
        return {} if optional else None

    def _home(self, target: Relation, key: str) -> str:
        """Return in whose universe an actor's parent lives: his own, or his tenant's."""
        if target.oid in self.world.rosters:
            return key if self.world.is_listed(target.oid, key) else OWNER
        if target is self.catalog.users or self.ownership[target.oid].user_keyed:
            return key
        return self.world.actors[key].world

    def parent(self, target: Relation, key: str) -> Row | None:
        """Return the row that a foreign key of an actor's row points to."""
        return self.get(target, self._home(target, key))

    def _identity(self, relation: Relation, name: str, key: str) -> str | None:
        """Return the value that a row will have which is not there yet."""
        if relation.by_name[name].base_name == "uuid":
            if name in self.ownership[relation.oid].users:
                return self.world.actors[key].id
            return seeded_uuid("id", relation.label, name, key)
        return None

    def _claim(self, column: Column, path: tuple[str, ...], actor: Actor) -> str:
        if path == ("email",):
            return actor.email
        home = self.world.actors.get(actor.world, actor)
        if column.type.removesuffix("[]") == "uuid" or column.base_name == "uuid":
            return seeded_uuid("claim", ".".join(path), home.key)
        if column.category == "N":
            return str(1 + "ABCD".find(home.key[0]))
        return f"{whole(path)[-1]}-{home.key}"

    def hopeless(
        self, relation: Relation, key: str, reason: str, constraint: Constraint | None = None
    ) -> None:
        """Note a row that cannot be made, and why."""
        self.world.unbuildable.append(
            Unbuildable(relation.label, key, reason, constraint.name if constraint else None)
        )

    def attempt(
        self,
        relation: Relation,
        key: str,
        given: dict[str, str | None],
        fixed: set[str],
        *,
        name: str | None = None,
    ) -> Row | None:
        """Insert with likely values; after each refusal try other values for what was refused."""
        self.number += 1
        self._speak("" if relation is self.catalog.users else key)
        guesses = self._guesses(relation, key, name or key, fixed)
        attempt = Attempt(relation, dict(given), guesses, fixed)
        reason: psycopg.Error | None = None
        for forced in (False, True):
            for _ in range(TRIES):
                result = insert_row(self.connection, relation, attempt.values(), forced=forced)
                if not isinstance(result, psycopg.Error):
                    self.refused = reason
                    if result is None:
                        self.hopeless(relation, key, "a trigger swallowed the row")
                        return None
                    return self._keep(relation, name or key, result, forced=forced)
                if reason is None or result.sqlstate != "22P02":
                    reason = result  # a guess that the type cannot read says nothing of the table
                adopted = self._adopt(relation, key, attempt, result) if name is None else None
                if adopted is not None:
                    return adopted
                if self._tell_apart(relation, attempt, result):
                    continue
                if not attempt.learn(result):
                    break
            if reason is None or not (comes_from_trigger(reason) or relation.is_filled):
                break
        if self.is_nobodys(relation) and name is None:
            row = take_leftover(self.connection, relation, given, taken=self._taken(relation))
            if row is not None:
                return self._keep(relation, key, row, adopted=True)
        message = str(reason.diag.message_primary) if reason else "no value fits"
        constraint = reason.diag.constraint_name if reason else None
        problem = Unbuildable(relation.label, name or key, message, constraint)
        self.world.unbuildable.append(problem)
        return None

    def _adopt(
        self, relation: Relation, key: str, attempt: Attempt, error: psycopg.Error
    ) -> Row | None:
        """Keep the row that a trigger, or a migration, has made already."""
        if self.is_nobodys(relation):
            taken = self._taken(relation)
            row = find_seeded(self.connection, relation, attempt, error, taken=taken)
        else:
            row = adopt(self.connection, relation, attempt, error)
        return None if row is None else self._keep(relation, key, row, adopted=True)

    def is_nobodys(self, relation: Relation) -> bool:
        """Whether any row will do, because none is nearer to one user than to another."""
        owner = self.ownership[relation.oid]
        return not owner.owned and not owner.soft

    def _taken(self, relation: Relation) -> list[Mapping[str, str | None]]:
        return [row.values for (oid, _), row in self.world.rows.items() if oid == relation.oid]

    def _guesses(
        self, relation: Relation, key: str, name: str, fixed: set[str]
    ) -> dict[str, list[str | None]]:
        """Return likely values of each column that nothing else decides."""
        guesses: dict[str, list[str | None]] = {
            column.name: list(
                candidates(
                    relation, column, tag=key, number=self.number, partitions=self._bounds(relation)
                )
            )
            for column in relation.columns
            if column.name not in fixed and self._is_needed(relation, column)
        }
        for column in guesses:
            if (relation.oid, column) in self.addresses:
                guesses[column].insert(0, self.world.actors[key].email)
        for column in relation.primary_key:
            if column in guesses and relation.by_name[column].base_name == "uuid":
                guesses[column] = [seeded_uuid("id", relation.label, column, name)]
        for column, value in self.ownership[relation.oid].weakest.items():
            # Nobody is an admin by accident: there is a persona for each standing.
            if value in guesses.get(column, ()):
                guesses[column].sort(key=lambda guess, weakest=value: guess != weakest)  # type: ignore[misc]
        return guesses

    def _tell_apart(self, relation: Relation, attempt: Attempt, error: psycopg.Error) -> bool:
        """Put somebody else into the last of several columns that a check wants different.

        Columns that hold users, or that refer to rows: then to somebody else's.
        """
        found = next((c for c in relation.checks if c.name == error.diag.constraint_name), None)
        if found is None:
            return False
        users = self.ownership[relation.oid].users
        names = [name for name in users if name in found.columns]
        if len(names) < 2:
            return self._refer_elsewhere(relation, attempt, found)
        if names[-1] in self.world.substitutes.get(relation.oid, ()):
            return False
        self.settle_down(relation, names[-1], VICTIM)
        self.world.substitutes.setdefault(relation.oid, set()).add(names[-1])
        column = relation.by_name[names[-1]]
        attempt.given[names[-1]] = naming(column, self.world.actors[VICTIM].id)
        return True

    def _refer_elsewhere(self, relation: Relation, attempt: Attempt, check: Constraint) -> bool:
        """Let the last of several foreign keys refer to somebody else's row."""
        links = [fk for fk in relation.foreign_keys if len(fk.columns) == 1]
        links = [fk for fk in links if fk.columns[0] in check.columns]
        apart = self.world.substitutes.setdefault(relation.oid, set())
        if len({fk.columns for fk in links}) < 2 or apart & set(check.columns):
            return False
        apart |= set(links[-1].columns)
        attempt.given |= self._parent_values(relation, links[-1], OWNER) or {}
        return True

    def quietly(self, statement: str) -> bool:
        """Run a statement past triggers and foreign keys; False where something else refuses it."""
        quiet = "savepoint w;set local session_replication_role = replica;"
        loud = ";set local session_replication_role = origin;release savepoint w"
        try:
            self.connection.execute("".join((quiet, statement, loud)))
        except psycopg.Error:
            self.connection.execute("rollback to savepoint w")
            return False
        return True

    def can_quietly(self, statements: str) -> bool:
        """Whether statements would run past triggers and foreign keys; nothing of them is kept."""
        self.connection.execute("savepoint trial")
        done = self.quietly(statements)
        self.connection.execute("rollback to savepoint trial; release savepoint trial")
        return done

    def settle_down(self, relation: Relation, column: str, key: str) -> None:
        """Give a user the profile that a column points at, so that he can be put into it."""
        for fk in relation.foreign_keys:
            target = self.catalog.by_oid.get(fk.target or 0)
            keyed = target is not None and self.ownership[target.oid].user_keyed
            if target is not None and keyed and fk.columns == (column,):
                self.get(target, key)

    def _bounds(self, relation: Relation) -> tuple[str, ...]:
        own = self.bounds.get(relation.oid, ())
        return tuple(sorted(own, key=lambda bound: bound == "DEFAULT"))

    def _is_needed(self, relation: Relation, column: Column) -> bool:
        """Whether a value is given: where it must be, and texts, by which rows are recognised."""
        if not column.is_writable:
            return False
        if column.not_null and column.default is None and not column.identity:
            return True
        if column.name in relation.primary_key and column.base_name == "uuid":
            return True
        if column.base_name in EMBEDDINGS and column.default is None:
            return True  # nothing is like a row that has none, and no search shows it
        owner = self.ownership[relation.oid]
        return (
            column.category == "S"
            and column.default is None
            and not column.labels
            and column.name not in owner.states
            and relation is not self.catalog.users
        )

    def _speak(self, key: str) -> None:
        """Let triggers that ask auth.uid() see the row's owner, as they would through the API.

        Nobody holds a token while he signs up: the key is empty then.
        """
        if key != self.speaker and (not key or key in self.world.actors):
            claims = (self.world.actors[key].persona(key).claims or "") if key else ""
            self.connection.execute("select set_config('request.jwt.claims', %s, false)", (claims,))
            self.speaker = key

    def _keep(
        self,
        relation: Relation,
        key: str,
        values: Mapping[str, str | None],
        *,
        adopted: bool = False,
        forced: bool = False,
    ) -> Row:
        row = Row(f"{relation.label}:{key}", relation.oid, key, values, adopted, forced)
        self.world.rows[relation.oid, key] = row
        return row
