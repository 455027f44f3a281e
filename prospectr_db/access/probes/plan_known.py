"""The known rows of one relation: whose they are, and how the server is asked about them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from prospectr_db.access.ownership.ownership import Ownership
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.probes.crossings import links_of
from prospectr_db.access.rows.inhabitants import OWNER, Row, Slot, World
from prospectr_db.access.writing.statements import delete, equals, literal
from prospectr_db.database.catalog import Catalog, Constraint, Relation, quote_identifier

__all__ = ["KnownRows"]


_RETURNED = re.compile(r"\breturn\b\s*([^;]*?)\s*;", re.IGNORECASE)


class KnownRows:
    """The rows of the world that one relation has."""

    def __init__(
        self, catalog: Catalog, ownership: Mapping[int, Ownership], world: World, relation: Relation
    ) -> None:
        self.catalog = catalog
        self.world = world
        self.relation = relation
        self.owner = ownership[relation.oid]
        self.ownership = ownership

    @cached_property
    def source(self) -> Relation:
        """The relation whose rows these are: the root of a partition, else the relation itself."""
        relation = self.relation
        while relation.is_partition and relation.parents:
            relation = self.catalog.by_oid[relation.parents[0]]
        return relation

    @cached_property
    def policies_alone_find(self) -> bool:
        """Whether nothing but policies decides which rows a statement finds, whatever it changes.

        A trigger may take a row out of a statement by what that would write.
        """
        called = [t.function for t in self.relation.triggers if t.enabled != "D"]
        functions = [self.catalog.function_by_oid.get(oid) for oid in called]
        said = {
            text.lower()
            for function in functions
            for text in (_RETURNED.findall(function.source) if function else ("?",))
        }
        return self.relation.is_table and said <= {"new", "old"}

    def gate(self, form: str, row: Row | None = None) -> str | None:
        """Return what statements on one row, or on all, have in common: they find the same."""
        return " ".join((form, row.label if row else "")) if self.policies_alone_find else None

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

    def targets_of(self, knocker: Knocker) -> dict[str, Row]:
        """Return the rows that statements of a persona aim at: a colleague has one of his own."""
        mine = self.world.rows.get((self.source.oid, knocker.actor or ""))
        colleague = self.world.is_colleague(knocker.actor) and not self.relation.is_partition
        return {**self.targets, knocker.actor or "": mine} if mine and colleague else self.targets

    def home(self, knocker: Knocker) -> str:
        """Return the universe whose parents are a persona's own."""
        actor = self.world.actors.get(knocker.actor or "")
        return actor.world if actor else OWNER

    def links(self) -> list[Constraint]:
        """Return the foreign keys to rows that belong to somebody."""
        return links_of(self.catalog, self.ownership, self.relation)

    def foreign_key(self, column: str) -> Constraint | None:
        """Return the narrowest foreign key that a column is part of."""
        found = [fk for fk in self.relation.foreign_keys if column in fk.columns]
        return min(found, key=lambda fk: len(fk.columns), default=None)

    def parent_value(self, fk: Constraint, column: str, home: str) -> str | None:
        """Return what a foreign key's column holds for the parent of a universe."""
        parent = self.world.rows.get((fk.target or 0, home))
        wanted = dict(zip(fk.columns, fk.target_columns, strict=True))[column]
        return parent.values[wanted] if parent else None

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

    def where(self, row: Row) -> str:
        """Return the condition that picks one known row."""
        names = self.relation.primary_key or self.source.primary_key or tuple(row.values)
        return equals(self.relation, {name: row.values[name] for name in names})

    def alone(self, row: Row) -> str:
        """Return what takes every row but one away, as a superuser and without triggers."""
        return delete(self.relation, f"not ({self.where(row)})")

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
