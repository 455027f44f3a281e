"""Which statements are tried: every command, form, row class and column, for one persona."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from prospectr_db.access.ownership import Ownership
from prospectr_db.access.personas import Persona
from prospectr_db.access.statements import (
    delete,
    equals,
    insert,
    literal,
    quote_identifier,
    typed,
    update,
)
from prospectr_db.access.values import candidates, seeded_uuid
from prospectr_db.access.world import NEWCOMER, OTHER, OWNER, VICTIM, Row, World
from prospectr_db.database.catalog import Catalog, Column, Constraint, Relation

__all__ = ["Knocker", "Plan", "Probe"]


@dataclass(frozen=True, slots=True)
class Knocker:
    """A persona and the user of the world behind it; ``brief`` skips the columns one by one."""

    persona: Persona
    actor: str | None
    brief: bool = False

    @property
    def name(self) -> str:
        """The persona's name."""
        return self.persona.name


@dataclass(frozen=True, slots=True)
class Probe:
    """One statement: who is not said here, only what, and how to see what it did.

    ``row`` is the label of the row it is about, None where every row of the relation counts (the
    statement has no WHERE). ``preparation`` runs before it and ``question`` after it, both as the
    superuser; the question answers with the labels of the rows that changed.
    """

    row: str | None
    rows: str
    command: str
    form: str
    column: str | None
    statement: str
    preparation: str | None = None
    question: str | None = None
    value: str | None = None


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
        self.fresh = 900

    # What there is ---------------------------------------------------------------------------

    @cached_property
    def source(self) -> Relation:
        """The relation whose rows these are: the root of a partition, else the relation itself."""
        relation = self.relation
        while relation.is_partition and relation.parents:
            relation = self.catalog.by_oid[relation.parents[0]]
        return relation

    @cached_property
    def targets(self) -> dict[str, Row]:
        """The rows that statements aim at, by the key that names them."""
        if self.relation.is_partition:
            row = self.world.rows.get((self.source.oid, f"{OWNER} in {self.relation.name}"))
            return {} if row is None else {OWNER: row}
        return {
            key: row
            for (oid, key), row in self.world.rows.items()
            if oid == self.source.oid
            and (key in (OWNER, "orphan") or key.startswith(f"{OWNER} as "))
        }

    def row_class(self, knocker: Knocker, key: str) -> str:
        """Return whose row it is, seen by a persona."""
        if key == "orphan":
            return "orphan"
        if not self.ownership[self.source.oid].owned:
            return "any"
        if key == knocker.actor:
            return "own"
        if key.startswith(f"{OWNER} as "):
            return key.removeprefix(f"{OWNER} ") if knocker.actor == OWNER else f"other's {key[2:]}"
        return "other"

    def variants(self) -> Iterator[tuple[str, str]]:
        """Yield each state that policies tell apart, as a name and the statement that makes it."""
        yield from self._states_of(self.relation, "")
        read = {pair for policy in self.relation.policies for pair in policy.reads}
        for fk in self.relation.foreign_keys:
            parent = self.catalog.by_oid.get(fk.target or 0)
            if parent is not None and parent.oid != self.relation.oid:
                names = {name for oid, name in read if oid == parent.oid}
                yield from self._states_of(parent, f"{parent.name}.", names)

    def _states_of(
        self, relation: Relation, prefix: str, names: set[str] | None = None
    ) -> Iterator[tuple[str, str]]:
        row = self.world.row(relation, OWNER)
        if row is None:
            return
        for (oid, name, value), values in self.world.states.items():
            if oid == relation.oid and (names is None or name in names):
                shown = "null" if value is None else value.split(" ")[0]
                where = equals(
                    relation, {n: row.values[n] for n in relation.primary_key or row.values}
                )
                yield f"{prefix}{name}={shown}", update(relation, values, where)

    def _where(self, row: Row) -> str:
        names = self.relation.primary_key or self.source.primary_key or tuple(row.values)
        return equals(self.relation, {name: row.values[name] for name in names})

    def changed(self, column: str | None = None) -> str:
        """Return the question which known rows changed, in one column or at all."""
        names = self.relation.primary_key or self.source.primary_key
        known = " ".join(
            (
                "select array_agg(r.label order by r.label) from prospectr_access.rows as r",
                "left join",
                self.relation.sql_name,
                "as t on",
                self._joined(names),
                "where r.relation =",
                str(self.source.oid),
            )
        )
        if not names or column is None or column in names:
            if self.relation.oid != self.source.oid:
                moved = "to_jsonb(t) is distinct from r.image"
            else:
                moved = "(t.tableoid, t.ctid) is distinct from (r.partition, r.place)"
            return " ".join((known, "and", moved))
        value = "".join(("->>", literal(column)))
        return "".join((known, " and to_jsonb(t)", value, " is distinct from r.image", value))

    def joined_key(self) -> str:
        """Return the condition that a known row and a row of the table are the same."""
        return self._joined(self.relation.primary_key or self.source.primary_key)

    def _joined(self, names: Iterable[str]) -> str:
        pairs = [
            "".join(("t.", quote_identifier(name), "::text = r.key[", str(place + 1), "]"))
            for place, name in enumerate(names)
        ]
        return " and ".join(pairs) or "(t.tableoid, t.ctid) = (r.partition, r.place)"

    # Probes ----------------------------------------------------------------------------------

    def probes(self, knocker: Knocker) -> Iterator[Probe]:
        """Yield every probe for one persona."""
        targets = self._targets_for(knocker)
        yield from self._selects(knocker, targets)
        yield from self._updates(knocker, targets)
        yield from self._deletes(knocker, targets)
        if self.relation.is_table and not self.relation.is_partition:
            yield from self._inserts(knocker)
        yield from self._truncate(knocker)

    def _targets_for(self, knocker: Knocker) -> list[tuple[str, Row, str | None]]:
        """Return (row class, row, preparation) for each row that this persona tries."""
        found: list[tuple[str, Row, str | None]] = []
        targets = dict(self.targets)
        mine = self.world.rows.get((self.source.oid, knocker.actor or ""))
        if mine is not None and knocker.actor in self.world.standings:
            targets[knocker.actor or ""] = mine
        for key, row in targets.items():
            found.append((self.row_class(knocker, key), row, None))
        if OWNER in targets:
            rows = self.row_class(knocker, OWNER)
            for name, preparation in self.variants():
                found.append((f"{rows} [{name}]", targets[OWNER], preparation))
        return found

    def _selects(
        self, knocker: Knocker, targets: list[tuple[str, Row, str | None]]
    ) -> Iterator[Probe]:
        role = knocker.persona.role
        readable = [c for c in self.relation.columns if "r" in c.privileges.get(role, "")]
        shown = [c.name for c in readable] or [c.name for c in self.relation.columns]
        names = self.relation.primary_key or self.source.primary_key or tuple(shown)
        columns = ", ".join(quote_identifier(name) for name in shown) or "1"
        for rows, row, preparation in targets:
            usable = [name for name in names if name in shown] or shown
            where = equals(self.relation, {name: row.values[name] for name in usable})
            text = " ".join(("select", columns, "from", self.relation.sql_name, "where", where))
            yield Probe(row.label, rows, "select", "where", None, text, preparation)
            if preparation is None and not knocker.brief:
                lock = " ".join((text, "for update"))
                yield Probe(row.label, rows, "select", "for update", None, lock)
        if not knocker.brief:
            for column in self.relation.columns:
                text = " ".join(
                    ("select", quote_identifier(column.name), "from", self.relation.sql_name)
                )
                yield Probe(None, "", "select", "column", column.name, text)

    def _updates(
        self, knocker: Knocker, targets: list[tuple[str, Row, str | None]]
    ) -> Iterator[Probe]:
        role = knocker.persona.role
        writable = [c for c in self.relation.columns if c.is_writable]
        granted = [c for c in writable if "w" in c.privileges.get(role, "")]
        # Without any privilege one statement is as good as all: the refusal comes before the rows.
        chosen = granted or writable[:1]
        if not chosen:
            return
        plain = self._plain(chosen)
        if knocker.brief:
            owners = [c for c in chosen if c.name in self.owner.users and c is not plain]
            chosen = [plain, *owners[:2]]
        for column in chosen:
            for value in self._new_values(knocker, column):
                shown = self._shown(column, value)
                question = self.changed(column.name)
                text = update(self.relation, {column.name: value})
                yield Probe(None, "", "update", "no where", shown, text, None, question, value)
                for rows, row, preparation in targets:
                    if preparation is not None and column is not plain:
                        continue
                    text = update(self.relation, {column.name: value}, self._where(row))
                    asked = self.changed() if preparation else question
                    yield Probe(
                        row.label, rows, "update", "where", shown, text, preparation, asked, value
                    )
        if not knocker.brief:
            for column in (c for c in writable if c not in granted and granted):
                value = next(self._new_values(knocker, column))
                text = update(self.relation, {column.name: value})
                yield Probe(
                    None,
                    "",
                    "update",
                    "no where",
                    self._shown(column, value),
                    text,
                    None,
                    self.changed(column.name),
                    value,
                )
        if granted:
            yield from self._other_updates(knocker, granted, targets)

    def _plain(self, columns: list[Column]) -> Column:
        """Return a column that decides nothing, so that changing it shows what the policy says."""
        keys = {name for unique in self.relation.uniques for name in unique.columns}
        avoid = [keys | set(self.owner.states), set(self.owner.states), set()]
        for avoided in avoid:
            for column in columns:
                if not self._decides(column.name) and column.name not in avoided:
                    return column
        return columns[0]

    def _other_updates(
        self,
        knocker: Knocker,
        granted: list[Column],
        targets: list[tuple[str, Row, str | None]],
    ) -> Iterator[Probe]:
        """Yield MERGE, upsert, and changing every owner column at once."""
        plain = self._plain(granted)
        value = next(self._new_values(knocker, plain))
        assigned = " = ".join(
            (quote_identifier(plain.name), typed(self.relation, plain.name, value))
        )
        text = " ".join(
            (
                "merge into",
                self.relation.sql_name,
                "as t using (select 1) as s on true",
                "when matched then update set",
                assigned,
            )
        )
        yield Probe(
            None, "", "update", "merge", plain.name, text, None, self.changed(plain.name), value
        )
        together = self._all_owner_columns(knocker, {c.name for c in granted})
        if len(together) > 1:
            text = update(self.relation, together)
            yield Probe(
                None, "", "update", "transfer", None, text, None, self.changed(next(iter(together)))
            )
            for rows, row, preparation in targets:
                if preparation is None:
                    text = update(self.relation, together, self._where(row))
                    yield Probe(
                        row.label,
                        rows,
                        "update",
                        "transfer",
                        None,
                        text,
                        None,
                        self.changed(next(iter(together))),
                    )
        key = self.relation.primary_key
        role = knocker.persona.role
        if key and all("a" in self.relation.by_name[n].privileges.get(role, "") for n in key):
            yield from self._upserts(knocker, key, plain, value)

    def _upserts(
        self, knocker: Knocker, key: tuple[str, ...], plain: Column, value: str | None
    ) -> Iterator[Probe]:
        row = self.targets.get(OWNER)
        if row is None or plain.name in key or knocker.actor is None or not self.relation.is_table:
            return
        given = self.insert_values(knocker.actor, self._home(knocker), role=knocker.persona.role)
        if given is None:
            return
        given |= {name: row.values[name] for name in key}
        target = ", ".join(quote_identifier(name) for name in key)
        assigned = " = ".join(
            (quote_identifier(plain.name), typed(self.relation, plain.name, value))
        )
        tail = " ".join(("on conflict", f"({target})", "do update set", assigned))
        rows = self.row_class(knocker, OWNER)
        yield Probe(
            row.label,
            rows,
            "update",
            "on conflict",
            plain.name,
            insert(self.relation, given, tail),
            None,
            self.changed(plain.name),
            value,
        )

    def _deletes(
        self, knocker: Knocker, targets: list[tuple[str, Row, str | None]]
    ) -> Iterator[Probe]:
        question = self.changed()
        yield Probe(None, "", "delete", "no where", None, delete(self.relation), None, question)
        for rows, row, preparation in targets:
            yield Probe(
                row.label,
                rows,
                "delete",
                "where",
                None,
                delete(self.relation, self._where(row)),
                preparation,
                question,
            )
        if not knocker.brief and self.relation.holds(knocker.persona.role, "d"):
            text = " ".join(
                (
                    "merge into",
                    self.relation.sql_name,
                    "as t using (select 1) as s on true",
                    "when matched then delete",
                )
            )
            yield Probe(None, "", "delete", "merge", None, text, None, question)

    def _truncate(self, knocker: Knocker) -> Iterator[Probe]:
        if (
            self.relation.kind in "rp"
            and not knocker.brief
            and (knocker.persona.role not in self.catalog.above_rls)
        ):
            text = " ".join(("truncate", self.relation.sql_name, "cascade"))
            yield Probe(None, "", "truncate", "statement", None, text)

    # INSERT ----------------------------------------------------------------------------------

    def _inserts(self, knocker: Knocker) -> Iterator[Probe]:
        role = knocker.persona.role
        may = self.relation.holds_any(role, "a")
        for rows, given in self._insert_classes(knocker):
            preparation = self.make_room(given)
            text = insert(self.relation, given)
            yield Probe(None, rows, "insert", "values", None, text, preparation)
            if knocker.brief or not may:
                continue
            shown = next(
                (c.name for c in self.relation.columns if "r" in c.privileges.get(role, "")), None
            )
            if shown:
                tail = " ".join(("returning", quote_identifier(shown)))
                yield Probe(
                    None,
                    rows,
                    "insert",
                    "returning",
                    None,
                    insert(self.relation, given, tail),
                    preparation,
                )
            if rows in ("own", "any") or (knocker.actor is None and rows in ("orphan", "other")):
                yield from self._insert_columns(knocker, rows, given)

    def _insert_columns(
        self, knocker: Knocker, rows: str, given: Mapping[str, str | None]
    ) -> Iterator[Probe]:
        for column in self.relation.columns:
            if not column.is_writable or column.name in given:
                if column.name in given:
                    yield Probe(
                        None,
                        rows,
                        "insert",
                        "column",
                        column.name,
                        insert(self.relation, given),
                        self.make_room(given),
                    )
                continue
            for value in self._insert_values_of(knocker, column):
                values = {**given, column.name: value}
                text = insert(self.relation, values)
                tail = "".join(
                    (
                        " where not exists (select 1 from prospectr_access.rows as r where ",
                        "r.relation = ",
                        str(self.relation.oid),
                        " and ",
                        "(r.partition, r.place) = (t.tableoid, t.ctid)) and t.",
                        quote_identifier(column.name),
                        "::text is not distinct from ",
                        typed(self.relation, column.name, value),
                        "::text limit 1)",
                    )
                )
                question = "".join(
                    ("select array(select 'new' from ", self.relation.sql_name, " as t", tail)
                )
                yield Probe(
                    "new",
                    rows,
                    "insert",
                    "column",
                    self._shown(column, value),
                    text,
                    self.make_room(values),
                    question,
                    value,
                )

    def _insert_values_of(self, knocker: Knocker, column: Column) -> Iterator[str | None]:
        if column.name in self.owner.states:
            yield from (v for v in self.owner.states[column.name] if v is not None)
            return
        fk = self._foreign_key(column.name)
        if fk is not None and len(fk.columns) == 1:
            parent = self.parent_value(fk, column.name, self._home(knocker) or OWNER)
            yield parent
            return
        default = column.default or ""
        for value in self._candidates(column):
            if literal(value) not in default and value != default:
                yield value
                return

    def _home(self, knocker: Knocker) -> str:
        """Return the universe whose parents are a persona's own."""
        actor = self.world.actors.get(knocker.actor or "")
        return actor.world if actor else OWNER

    def _insert_classes(self, knocker: Knocker) -> Iterator[tuple[str, dict[str, str | None]]]:
        """Yield the kinds of new row: mine, another's, nobody's, mine under another's parent …"""
        role, actor = knocker.persona.role, knocker.actor
        home = self._home(knocker)
        if not self.owner.owned:
            values = self.insert_values(OWNER, OWNER, role=role)
            if values is not None:
                yield "any", values
            return
        if actor is not None:
            own = self.insert_values(actor, home, role=role)
            if own is not None:
                yield "own", own
        strange = OTHER if home == OWNER and actor in (OWNER, *self.world.standings) else OWNER
        other = self.insert_values(strange, strange, role=role)
        if other is not None:
            yield "other", other
        if actor is not None:
            yield from self._crossed(actor, home, strange, role)
        nobody = [n for n in self.owner.deciding if not self.relation.by_name[n].not_null]
        if nobody and len(nobody) == len(self.owner.deciding):
            values = self.insert_values(OWNER, OWNER, role=role)
            if values is not None:
                yield "orphan", {n: v for n, v in values.items() if n not in nobody}

    def _crossed(
        self, actor: str, home: str, strange: str, role: str
    ) -> Iterator[tuple[str, dict[str, str | None]]]:
        """Yield rows that mix my own with somebody else's: the links that should not be."""
        for fk in self.links():
            values = self.insert_values(actor, home, role=role, forced=fk.columns)
            if values is None:
                continue
            for name in fk.columns:
                if name not in self.owner.users:
                    values[name] = self.parent_value(fk, name, strange)
            names = ", ".join(name for name in fk.columns if name not in self.owner.users)
            yield f"own under other's {names}", values
        if self.owner.parents or len(self.owner.users) > 1:
            for name in self.owner.users:
                values = self.insert_values(actor, home, role=role, forced=(name,))
                if values is not None and self.relation.by_name[name].category != "A":
                    values[name] = self.world.actors[VICTIM].id
                    yield f"for another {name}", values

    def links(self) -> list[Constraint]:
        """Return the foreign keys to rows that belong to somebody."""
        return [
            fk
            for fk in self.relation.foreign_keys
            if fk.target is not None
            and self.ownership.get(fk.target, Ownership()).owned
            and (target := self.catalog.by_oid.get(fk.target)) is not self.catalog.users
            and target is not None
            and not set(fk.columns) <= set(self.owner.users)
        ]

    def insert_values(
        self, actor: str, home: str, *, role: str, forced: Iterable[str] = ()
    ) -> dict[str, str | None] | None:
        """Return the columns of a new row: what it must have, and what policies look at."""
        wanted: dict[str, str | None] = {}
        for column in self.relation.columns:
            if not column.is_writable:
                continue
            must = column.not_null and column.default is None and not column.identity
            decides = self._decides(column.name) or column.name in forced
            granted = "a" in column.privileges.get(role, "") or not self.relation.holds_any(
                role, "a"
            )
            if not (must or decides) or not granted:
                continue
            wanted[column.name] = self._insert_value(column, actor, home)
        for fk in self.relation.foreign_keys:
            if any(
                wanted.get(n) is None and n in wanted and self.relation.by_name[n].not_null
                for n in fk.columns
            ):
                return None
        return wanted

    def _insert_value(self, column: Column, actor: str, home: str) -> str | None:
        user = self.world.actors[actor]
        if column.name in self.owner.users:
            if column.name in self.world.substitutes.get(self.relation.oid, ()):
                user = self.world.actors[VICTIM]
            return "{" + user.id + "}" if column.category == "A" else user.id
        fk = self._foreign_key(column.name)
        if fk is not None:
            return self.parent_value(fk, column.name, home)
        sample = self.world.row(self.relation, home) or self.world.row(self.relation, OWNER)
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
        return next(self._candidates(column))

    def _foreign_key(self, column: str) -> Constraint | None:
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

        A collision on exactly the columns ``spare`` is left to happen.
        """
        steps = [
            delete(self.relation, equals(self.relation, {n: given[n] for n in unique.columns}))
            for unique in self.relation.uniques
            if unique.columns
            and unique.columns != spare
            and all(given.get(name) is not None for name in unique.columns)
        ]
        return "; ".join(steps) or None

    # Values ----------------------------------------------------------------------------------

    def _candidates(self, column: Column) -> Iterator[str]:
        self.fresh += 1
        bounds = tuple(
            child.partition_bound
            for child in self.catalog.relations
            if child.partition_bound and self.relation.oid in child.parents
        )
        yield from candidates(self.relation, column, tag="n", number=self.fresh, partitions=bounds)

    def _decides(self, name: str) -> bool:
        in_parent = any(name in path.split(", ") for path in self.owner.parents)
        return (
            name in self.owner.users
            or name in self.owner.claims
            or name in self.owner.soft
            or in_parent
            or (name in self.owner.states and self.relation.by_name[name].default is None)
        )

    def _new_values(self, knocker: Knocker, column: Column) -> Iterator[str | None]:
        """Yield values that differ from what the rows have now."""
        own = self.world.actors.get(knocker.actor or "", self.world.actors[NEWCOMER])
        if column.name in self.owner.users:
            taker = self.world.actors[VICTIM] if own.key == OWNER else own
            yield "{" + taker.id + "}" if column.category == "A" else taker.id
            return
        fk = self._foreign_key(column.name)
        if fk is not None:
            value = self.parent_value(fk, column.name, OTHER)
            row = self.targets.get(OWNER)
            if value is None or (row is not None and row.values.get(column.name) == value):
                value = seeded_uuid("missing") if column.base_name == "uuid" else "987654321"
            yield value
            return
        row = self.targets.get(OWNER)
        current = row.values.get(column.name) if row else None
        if column.name in self.owner.states:
            yield from (v for v in self.owner.states[column.name] if v != current)
            return
        for value in self._candidates(column):
            if value != current:
                yield value
                return
        yield None

    def _all_owner_columns(self, knocker: Knocker, granted: set[str]) -> dict[str, str | None]:
        """Return every column of the owner path at once, as a thief or a giver would set them."""
        to = OTHER
        values: dict[str, str | None] = {}
        for name in self.owner.users:
            taker = knocker.actor if knocker.actor not in (OWNER, None) else VICTIM
            taker = to if knocker.actor == OTHER else taker
            values[name] = self.world.actors[taker or VICTIM].id
        for fk in self.links():
            for name in fk.columns:
                if name not in values:
                    values[name] = self.parent_value(fk, name, to)
        return {
            n: v
            for n, v in values.items()
            if n in granted and self.relation.by_name[n].category != "A"
        }

    def _shown(self, column: Column, value: str | None) -> str:
        """Name a column; with its value where policies tell its values apart."""
        if column.name in self.owner.states and column.category != "D":
            return f"{column.name}={value}"
        return column.name


def with_preparation(probe: Probe, preparation: str) -> Probe:
    """Return a probe with one more statement before it."""
    joined = "; ".join(part for part in (preparation, probe.preparation) if part)
    return replace(probe, preparation=joined)
