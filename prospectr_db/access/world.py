"""The rows that probes run against: two users' worlds side by side, built from the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.ownership import Ownership, Standing, claim_keys, decision_texts
from prospectr_db.access.personas import Persona, user
from prospectr_db.access.statements import equals, insert_returning, literal, select_row, update
from prospectr_db.access.values import candidates, inside, seeded_uuid
from prospectr_db.database.catalog import Catalog, Column, Constraint, Relation

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Actor", "Row", "Unbuildable", "World", "build_world"]

OWNER, OTHER, NEWCOMER, VICTIM = "A", "B", "C", "D"
_TRIES = 80


@dataclass(frozen=True, slots=True)
class Actor:
    """A user of the world. ``world`` is the universe whose parents his rows hang under."""

    key: str
    id: str
    email: str
    world: str
    claims: Mapping[str, Any] = field(default_factory=dict)

    def persona(self, name: str, **claims: Any) -> Persona:
        """Return the access token of this user."""
        return user(self.id, self.email, name=name, **{**self.claims, **claims})


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the world: ``values`` holds every column as text."""

    label: str
    relation: int
    key: str
    values: Mapping[str, str | None]
    adopted: bool = False
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Unbuildable:
    """A row that could not be made, and why."""

    relation: str
    key: str
    reason: str
    constraint: str | None = None


@dataclass(slots=True)
class World:
    """Everything built."""

    actors: dict[str, Actor] = field(default_factory=dict)
    rows: dict[tuple[int, str], Row] = field(default_factory=dict)
    unbuildable: list[Unbuildable] = field(default_factory=list)
    standings: dict[str, tuple[Standing, str | None]] = field(default_factory=dict)
    substitutes: dict[int, set[str]] = field(default_factory=dict)
    states: dict[tuple[int, str, str | None], Mapping[str, str | None]] = field(
        default_factory=dict
    )

    def row(self, relation: Relation, key: str) -> Row | None:
        """Return one row of a relation."""
        return self.rows.get((relation.oid, key))


def build_world(
    connection: Connection[Any],
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    standings: Sequence[Standing],
    *,
    supplied: Mapping[str, Mapping[str, str]] | None = None,
    relations: Iterable[Relation] | None = None,
) -> World:
    """Insert the rows, as a superuser whose triggers fire; the caller decides about the commit.

    ``supplied`` gives values by relation label and column, where guessing cannot succeed.
    """
    builder = _Builder(connection, catalog, ownership, supplied or {})
    connection.execute("set constraints all deferred")
    for key in (OWNER, OTHER, NEWCOMER, VICTIM):
        builder.add_actor(Actor(key, seeded_uuid("user", key), f"{key.lower()}@example.com", key))
    wanted = [
        relation
        for relation in (relations or catalog.own_relations)
        if relation.is_table and not relation.is_partition
    ]
    for key in (OWNER, OTHER):
        for relation in wanted:
            builder.get(relation, key)
    builder.second_pass()
    for relation in wanted:
        builder.add_orphan(relation)
        builder.add_mixed(relation)
        builder.add_partition_rows(relation)
    for standing in standings:
        builder.add_standing(standing)
    for relation in wanted:
        builder.add_states(relation)
    builder.settle_claims()
    builder.second_factor()
    _check_constraints(connection, builder)
    _refresh(connection, catalog)
    builder.remember()
    return builder.world


def _refresh(connection: Connection[Any], catalog: Catalog) -> None:
    """Bring materialized views up to date, twice because one may read another."""
    views = [relation for relation in catalog.own_relations if relation.kind == "m"]
    for view in [*views, *(views if len(views) > 1 else ())]:
        try:
            text = f"savepoint w; refresh materialized view {view.sql_name}; release savepoint w"
            connection.execute(text)
        except psycopg.Error:
            # A view that cannot be filled shows nothing to anybody, and its cells say so.
            connection.execute("rollback to savepoint w")


def _check_constraints(connection: Connection[Any], builder: _Builder) -> None:
    try:
        connection.execute(
            "savepoint world; set constraints all immediate; release savepoint world"
        )
    except psycopg.Error as error:
        connection.execute("rollback to savepoint world")
        builder.world.unbuildable.append(
            Unbuildable(
                error.diag.table_name or "?",
                OWNER,
                str(error.diag.message_primary),
                error.diag.constraint_name,
            )
        )


class _Builder:
    """Builds rows on demand, parents first."""

    def __init__(
        self,
        connection: Connection[Any],
        catalog: Catalog,
        ownership: Mapping[int, Ownership],
        supplied: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.connection = connection
        self.catalog = catalog
        self.ownership = ownership
        self.supplied = supplied
        self.world = World()
        self.number = 0
        self.speaker = ""
        self.pending: set[tuple[int, str]] = set()
        self.later: list[tuple[Relation, str, Constraint]] = []
        self.bounds: dict[int, tuple[str, ...]] = {}
        for relation in catalog.relations:
            for parent in relation.parents:
                if relation.partition_bound:
                    self.bounds[parent] = (*self.bounds.get(parent, ()), relation.partition_bound)

    # Users -------------------------------------------------------------------------------------

    def add_actor(self, actor: Actor) -> None:
        """Make a user as Supabase Auth would leave him; triggers on auth.users fire."""
        self.world.actors[actor.key] = actor
        users = self.catalog.users
        if users is None:
            return
        given: dict[str, str | None] = {
            "id": actor.id,
            "email": actor.email,
            "aud": "authenticated",
            "role": "authenticated",
            "instance_id": "00000000-0000-0000-0000-000000000000",
            "raw_app_meta_data": '{"provider": "email", "providers": ["email"]}',
            "raw_user_meta_data": '{"full_name": "Ada", "name": "Ada", "avatar_url": "https://x.test/a"}',
            "email_confirmed_at": "2026-01-01 00:00:00+00",
            "created_at": "2026-01-01 00:00:00+00",
            "updated_at": "2026-01-01 00:00:00+00",
        }
        given = {name: value for name, value in given.items() if name in users.by_name}
        self._attempts(users, actor.key, given, fixed=set(given))

    # Rows --------------------------------------------------------------------------------------

    def get(self, relation: Relation, key: str) -> Row | None:
        """Return a relation's row in a universe, building it and its parents if need be."""
        place = (relation.oid, key)
        if place in self.world.rows or place in self.pending or not relation.is_table:
            return self.world.rows.get(place)
        self.pending.add(place)
        given = self._given(relation, key)
        return self._attempts(relation, key, *given) if given else None

    def _given(self, relation: Relation, key: str) -> tuple[dict[str, str | None], set[str]] | None:
        """Return the values that are not guesses: users, parents, claims, what was supplied."""
        owner = self.ownership[relation.oid]
        actor = self.world.actors[key]
        given: dict[str, str | None] = {}
        for fk in relation.foreign_keys:
            values = self._parent_values(relation, fk, key)
            if values is None:
                return None
            given |= {name: value for name, value in values.items() if given.get(name) is None}
        for name in owner.users:
            column = relation.by_name[name]
            other = name in self.world.substitutes.get(relation.oid, ())
            held = self.world.actors[VICTIM].id if other and key != VICTIM else actor.id
            given[name] = "{" + held + "}" if column.category == "A" else held
        for name, path in owner.claims.items():
            given.setdefault(name, self._claim(relation.by_name[name], path, actor))
        for name in owner.soft:
            if relation.by_name[name].base_name == "uuid":
                given.setdefault(name, seeded_uuid("soft", name, actor.world))
        given |= self.supplied.get(relation.label, {})
        generated = {name for name in given if not relation.by_name[name].is_writable}
        given = {name: value for name, value in given.items() if name not in generated}
        return given, set(given)

    def _parent_values(
        self, relation: Relation, fk: Constraint, key: str
    ) -> dict[str, str | None] | None:
        """Return the foreign key's columns; empty to leave them out, None if it cannot be."""
        target = self.catalog.by_oid.get(fk.target or 0)
        pairs = list(zip(fk.columns, fk.target_columns, strict=True))
        optional = any(not relation.by_name[name].not_null for name in fk.columns)
        if target is None:
            if not optional:
                self._hopeless(relation, key, "its parent is not visible", fk)
            return {} if optional else None
        parent = self._parent(target, key)
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
            self._hopeless(relation, key, f"{target.label} has no row", fk)
        return {} if optional else None

    def _home(self, target: Relation, key: str) -> str:
        """Return in whose universe an actor's parent lives: his own, or his tenant's."""
        if target is self.catalog.users or self.ownership[target.oid].user_keyed:
            return key
        return self.world.actors[key].world

    def _parent(self, target: Relation, key: str) -> Row | None:
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
        if column.base_name == "uuid":
            return seeded_uuid("claim", ".".join(path), home.key)
        if column.category == "N":
            return str(1 + "ABCD".find(home.key[0]))
        return f"{path[-1]}-{home.key}"

    def _hopeless(
        self, relation: Relation, key: str, reason: str, constraint: Constraint | None = None
    ) -> None:
        self.world.unbuildable.append(
            Unbuildable(relation.label, key, reason, constraint.name if constraint else None)
        )

    # Attempts ----------------------------------------------------------------------------------

    def _attempts(
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
        self._speak(key)
        guesses: dict[str, list[str | None]] = {
            column.name: list(
                candidates(
                    relation, column, tag=key, number=self.number, partitions=self._bounds(relation)
                )
            )
            for column in relation.columns
            if column.name not in fixed and self._is_needed(relation, column)
        }
        for column in relation.primary_key:
            if column in guesses and relation.by_name[column].base_name == "uuid":
                guesses[column] = [seeded_uuid("id", relation.label, column, name or key)]
        attempt = _Attempt(relation, dict(given), guesses, fixed)
        reason: psycopg.Error | None = None
        for forced in (False, True):
            for _ in range(_TRIES):
                result = self._insert(relation, attempt.values(), forced=forced)
                if not isinstance(result, psycopg.Error):
                    if result is None:
                        self._hopeless(relation, key, "a trigger swallowed the row")
                        return None
                    return self._keep(relation, name or key, result, forced=forced)
                reason = result
                adopted = self._adopt(relation, attempt, result)
                if adopted is not None and name is None:
                    return self._keep(relation, key, adopted, adopted=True)
                if self._tell_apart(relation, attempt, result):
                    continue
                if not attempt.learn(result):
                    break
            if reason is None or not _from_trigger(reason):
                break
        message = str(reason.diag.message_primary) if reason else "no value fits"
        self.world.unbuildable.append(
            Unbuildable(
                relation.label,
                name or key,
                message,
                reason.diag.constraint_name if reason else None,
            )
        )
        return None

    def _tell_apart(self, relation: Relation, attempt: _Attempt, error: psycopg.Error) -> bool:
        """Put somebody else into the last of several user columns that a check wants different."""
        found = next((c for c in relation.checks if c.name == error.diag.constraint_name), None)
        users = self.ownership[relation.oid].users
        names = [name for name in users if found is not None and name in found.columns]
        if len(names) < 2 or names[-1] in self.world.substitutes.get(relation.oid, ()):
            return False
        self.world.substitutes.setdefault(relation.oid, set()).add(names[-1])
        attempt.given[names[-1]] = self.world.actors[VICTIM].id
        return True

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
        owner = self.ownership[relation.oid]
        return (
            column.category == "S"
            and column.default is None
            and not column.labels
            and column.name not in owner.states
            and relation is not self.catalog.users
        )

    def _speak(self, key: str) -> None:
        """Let triggers that ask auth.uid() see the row's owner, as they would through the API."""
        if key != self.speaker and key in self.world.actors:
            claims = self.world.actors[key].persona(key).claims or ""
            self.connection.execute("select set_config('request.jwt.claims', %s, false)", (claims,))
            self.speaker = key

    def _insert(
        self, relation: Relation, values: Mapping[str, str | None], *, forced: bool
    ) -> dict[str, str | None] | psycopg.Error | None:
        quiet = "set local session_replication_role = replica;" if forced else ""
        loud = "set local session_replication_role = origin;" if forced else ""
        text = f"savepoint w;{quiet}{insert_returning(relation, values)};{loud}release savepoint w"
        try:
            cursor = self.connection.execute(text)
        except psycopg.Error as error:
            self.connection.execute("rollback to savepoint w")
            return error
        while cursor.description is None and cursor.nextset():
            pass
        row = cursor.fetchone() if cursor.description else None
        return (
            None if row is None else dict(zip((c.name for c in relation.columns), row, strict=True))
        )

    def _adopt(
        self, relation: Relation, attempt: _Attempt, error: psycopg.Error
    ) -> dict[str, str | None] | None:
        """Return the row that is already there, made by a trigger for the same owner."""
        if error.sqlstate != "23505":
            return None
        unique = next((u for u in relation.uniques if u.name == error.diag.constraint_name), None)
        if unique is None or not set(unique.columns) & attempt.fixed:
            return None
        values = attempt.values()
        where = {name: values[name] for name in unique.columns if values.get(name) is not None}
        row = self.connection.execute(select_row(relation, where)).fetchone()
        return (
            None if row is None else dict(zip((c.name for c in relation.columns), row, strict=True))
        )

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

    # After the first pass ----------------------------------------------------------------------

    def second_pass(self) -> None:
        """Close the cycles of foreign keys that were left open."""
        for relation, key, fk in self.later:
            row = self.world.row(relation, key)
            target = self.catalog.by_oid[fk.target or 0]
            parent = self._parent(target, key)
            if row is None or parent is None:
                continue
            values = {
                name: parent.values[wanted]
                for name, wanted in zip(fk.columns, fk.target_columns, strict=True)
            }
            self._change(relation, row, values)

    def _change(self, relation: Relation, row: Row, values: Mapping[str, str | None]) -> bool:
        where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
        text = f"savepoint w;{update(relation, values, where)};release savepoint w"
        try:
            self.connection.execute(text)
        except psycopg.Error:
            self.connection.execute("rollback to savepoint w")
            return False
        self.world.rows[relation.oid, row.key] = replace(row, values={**row.values, **values})
        return True

    def add_orphan(self, relation: Relation) -> None:
        """Make a row without an owner, where the owner may be missing."""
        owner = self.ownership[relation.oid]
        columns = owner.deciding
        if not columns or owner.user_keyed or any(relation.by_name[n].not_null for n in columns):
            return
        if self.world.row(relation, OWNER) is not None:
            self._again(relation, "orphan", dict.fromkeys(columns))

    def add_partition_rows(self, relation: Relation) -> None:
        """Make a row in each partition, so that reaching it directly can be tried."""
        if relation.kind != "p" or self.world.row(relation, OWNER) is None:
            return
        names = [c.name for c in relation.columns if c.name in (relation.partition_key or "")]
        children = [r for r in self.catalog.relations if relation.oid in r.parents]
        bounds = {value for child in children for value in inside(child.partition_bound or "")}
        for child in children:
            column = relation.by_name[names[0]] if len(names) == 1 else None
            if column is None or column.name in self.ownership[relation.oid].users:
                continue
            values = inside(child.partition_bound or "")
            if child.partition_bound == "DEFAULT":
                values = [
                    v for v in candidates(relation, column, tag="p", number=9999) if v not in bounds
                ]
            if values:
                self._again(relation, f"{OWNER} in {child.name}", {column.name: values[0]})

    def add_mixed(self, relation: Relation) -> None:
        """Make rows that belong to one user by one column and to another by the rest."""
        owner = self.ownership[relation.oid]
        if len(owner.users) < 2 or self.world.row(relation, OWNER) is None:
            return
        for mine in owner.users:
            other = self.world.actors[VICTIM].id
            rest = {name: other for name in owner.users if name != mine}
            self._again(relation, f"{OWNER} as {mine}", rest)

    def _again(self, relation: Relation, name: str, changes: Mapping[str, str | None]) -> None:
        given = self._given(relation, OWNER)
        before = len(self.world.unbuildable)
        if given:
            values = {**given[0], **changes}
            self._attempts(relation, OWNER, values, set(values), name=name)
        # Constraints may forbid such a row, and then there is nothing to observe about it.
        del self.world.unbuildable[before:]

    def add_standing(self, standing: Standing) -> None:
        """Make one user per value of a column that gives users their standing."""
        relation = self.catalog.by_oid[standing.relation]
        for value in standing.values:
            key = f"{standing.column}={'null' if value is None else value}"
            if key in self.world.actors:
                key = f"{relation.name}.{key}"
            self.add_actor(
                Actor(key, seeded_uuid("user", key), f"{seeded_uuid(key)[:8]}@example.com", OWNER)
            )
            given = self._given(relation, key)
            if given is None:
                continue
            values = {**given[0], standing.column: value}
            row = self._attempts(relation, key, values, set(values))
            if row is not None and row.adopted:
                self._change(relation, row, {standing.column: value})
            if row is not None:
                self.world.standings[key] = (standing, value)

    def add_states(self, relation: Relation) -> None:
        """Find out how the owner's row is brought into each state that policies tell apart."""
        row = self.world.row(relation, OWNER)
        if row is None:
            return
        for name, values in self.ownership[relation.oid].states.items():
            for value in values:
                if not _same(value, row.values.get(name)):
                    found = self._reach(relation, row, {name: value})
                    if found is None:
                        shown = "null" if value is None else value
                        self._hopeless(
                            relation, f"{OWNER} [{name}={shown}]", "no values go with it"
                        )
                    else:
                        self.world.states[relation.oid, name, value] = found

    def _reach(
        self, relation: Relation, row: Row, wanted: dict[str, str | None]
    ) -> dict[str, str | None] | None:
        """Return what else must change for a row to take some values; nothing is kept."""
        attempt = _Attempt(relation, wanted, {}, set(wanted))
        where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
        for _ in range(_TRIES):
            values = attempt.values()
            quiet = "savepoint w;set local session_replication_role = replica;"
            text = quiet + update(relation, values, where)
            error: psycopg.Error | None = None
            try:
                self.connection.execute(text)
            except psycopg.Error as refused:
                error = refused
            self.connection.execute("rollback to savepoint w; release savepoint w")
            if error is None:
                return values
            if not attempt.learn(error):
                return None
        return None

    def settle_claims(self) -> None:
        """Give the actors the claims that policies compare columns with."""
        needed = {path for text, _ in decision_texts(self.catalog) for path in claim_keys(text)}
        claims: dict[str, dict[tuple[str, ...], str | None]] = {}
        for (oid, key), row in self.world.rows.items():
            for column, path in self.ownership[oid].claims.items():
                if path in needed and path[0] != "user_metadata" and path != ("email",):
                    claims.setdefault(key, {}).setdefault(path, row.values[column])
        for key, paths in claims.items():
            if key in self.world.actors:
                actor = self.world.actors[key]
                self.world.actors[key] = replace(actor, claims=_claims(paths))

    def second_factor(self) -> None:
        """Let everybody have signed in with a second factor where policies ask for one."""
        if any("'aal2'" in text for text, _ in decision_texts(self.catalog)):
            for key, actor in self.world.actors.items():
                self.world.actors[key] = replace(actor, claims={**actor.claims, "aal": "aal2"})

    def remember(self) -> None:
        """Note every row's place and content, so that a change to it can be seen later."""
        for (oid, _), row in self.world.rows.items():
            relation = self.catalog.by_oid[oid]
            names = relation.primary_key or tuple(row.values)
            self.connection.execute(_remembering(relation, row, names))


def _remembering(relation: Relation, row: Row, names: Sequence[str]) -> str:
    key = ", ".join(f"{literal(row.values[name])}::text" for name in names)
    where = equals(relation, {name: row.values[name] for name in names})
    return " ".join(
        (
            "insert into prospectr_access.rows select",
            ", ".join(
                (
                    literal(row.label),
                    str(relation.oid),
                    "t.tableoid, t.ctid",
                    "".join(("array[", key, "]::text[]")),
                    "to_jsonb(t)",
                )
            ),
            "from",
            relation.sql_name,
            "as t where",
            where,
            "limit 1 on conflict do nothing",
        )
    )


def _same(one: str | None, other: str | None) -> bool:
    """Whether two texts are one value; of times only the day counts here."""
    return one == other or bool(one and other and len(one) > 18 and one[:10] == other[:10])


def _claims(paths: Mapping[tuple[str, ...], str | None]) -> dict[str, Any]:
    """Return keyword arguments of a persona for claims by path."""
    made: dict[str, Any] = {}
    top: dict[str, Any] = {}
    for path, value in paths.items():
        target = made if path[0] == "app_metadata" and len(path) > 1 else top
        for key in path[:-1]:
            target = target.setdefault(key, {})
        target[path[-1]] = value
    return {**made, **({"claims": top} if top else {})}


def _from_trigger(error: psycopg.Error) -> bool:
    context = error.diag.context or ""
    return "function" in context and not error.diag.constraint_name


class _Attempt:
    """One row being tried: which guess each column takes, and what refusals have taught."""

    def __init__(
        self,
        relation: Relation,
        given: dict[str, str | None],
        guesses: dict[str, list[str | None]],
        fixed: set[str],
    ) -> None:
        self.relation = relation
        self.given = given
        self.guesses = guesses
        self.fixed = fixed
        self.at = dict.fromkeys(guesses, 0)

    def values(self) -> dict[str, str | None]:
        return {
            **{name: options[self.at[name]] for name, options in self.guesses.items()},
            **self.given,
        }

    def learn(self, error: psycopg.Error) -> bool:
        """Change the attempt after a refusal; False when nothing is left to try."""
        column = error.diag.column_name
        if error.sqlstate == "23502" and column and column not in self.values():
            wanted, number = self.relation.by_name[column], len(self.guesses) + 1
            self.guesses[column] = list(candidates(self.relation, wanted, tag="x", number=number))
            self.at[column] = 0
            return True
        constraint = next(
            (c for c in self.relation.constraints if c.name == error.diag.constraint_name), None
        )
        if constraint is not None and constraint.kind == "f":
            return self._drop(constraint.columns)
        if error.sqlstate == "23514" and constraint is None and self.relation.partition_key:
            return self._advance(
                [n for n in self.guesses if n in (self.relation.partition_key or "")]
            )
        if constraint is not None and constraint.kind == "c" and self._widen(constraint):
            return True
        if constraint is not None and constraint.kind != "f":
            names = constraint.columns or tuple(self.guesses)
            return self._advance([n for n in names if n in self.guesses]) or self._drop(names)
        optional = [n for n in self.guesses if not self.relation.by_name[n].not_null]
        return self._drop(optional) or self._advance(list(self.guesses))

    def _widen(self, constraint: Constraint) -> bool:
        """Give values to columns that a check looks at and that were left out so far."""
        missing = [
            self.relation.by_name[name]
            for name in constraint.columns
            if name not in self.guesses and name not in self.given
        ]
        for column in missing:
            if column.is_writable:
                number = 50 + len(self.guesses)
                likely = candidates(self.relation, column, tag="w", number=number)
                # Or nothing after all: one of two columns is often wanted, and not the other.
                self.guesses[column.name] = [*likely[:1], None, *likely[1:4]]
                self.at[column.name] = 0
        return any(column.is_writable for column in missing)

    def _advance(self, names: Iterable[str]) -> bool:
        """Count up, like an odometer."""
        for name in names:
            self.at[name] += 1
            if self.at[name] < len(self.guesses[name]):
                return True
            self.at[name] = 0
        return False

    def _drop(self, names: Iterable[str]) -> bool:
        droppable = [
            n
            for n in names
            if (n in self.guesses or n in self.given) and not self.relation.by_name[n].not_null
        ]
        for name in droppable:
            self.guesses.pop(name, None)
            self.given.pop(name, None)
        return bool(droppable)
