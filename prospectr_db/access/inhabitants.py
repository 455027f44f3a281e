"""Who and what lives in the world: its users, its rows, and what could not be built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prospectr_db.access.personas import Persona, user
from prospectr_db.access.standing import Standing
from prospectr_db.database.catalog import Relation

__all__ = ["NEWCOMER", "OTHER", "OWNER", "VICTIM", "Actor", "Row", "Unbuildable", "World"]

OWNER, OTHER, NEWCOMER, VICTIM = "A", "B", "C", "D"


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
