"""Who and what lives in the world: its users, its rows, and what could not be built."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from prospectr_db.access.ownership.standing import Standing
from prospectr_db.access.personas.claim_options import Option
from prospectr_db.access.personas.personas import Persona, user
from prospectr_db.database.catalog import Constraint, Relation

__all__ = [
    "BYSTANDER",
    "COLLEAGUE",
    "NEWCOMER",
    "OTHER",
    "OWNER",
    "VICTIM",
    "Actor",
    "Affiliate",
    "Between",
    "Row",
    "Slot",
    "Unbuildable",
    "World",
]

OWNER, OTHER, NEWCOMER, VICTIM = "A", "B", "C", "D"
# Whom new rows name where rows of two tables name the victim: who is blocked cannot be followed.
BYSTANDER = "E"
# Whoever owns nothing, as a member of the owner's tenant, where a claim of the token says which.
COLLEAGUE = "C beside A"


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
    """A row of the world: ``values`` holds every column as text.

    ``below`` is the statement that makes what the row is below, where that is no row of the world.
    """

    label: str
    relation: int
    key: str
    values: Mapping[str, str | None]
    adopted: bool = False
    forced: bool = False
    below: str = ""


@dataclass(frozen=True, slots=True)
class Affiliate:
    """A user who is a member of another tenant, of several, or no longer of any.

    ``asking`` are the relations that can treat him otherwise than others; ``brief`` skips their
    columns one by one. ``second`` is the universe of another tenant to which he belongs. ``actor``
    is the user whose rows are his, where he is one of the others in another situation.
    """

    asking: frozenset[int]
    brief: bool = True
    second: str | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """What a partition takes: the row in it, whose that is, the key columns' values, others."""

    key: str
    holder: str
    values: Mapping[str, str | None] = field(default_factory=dict)
    spare: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Between:
    """What hangs, by a foreign key, below a parent that is the owner's in part.

    ``name`` says which part, such as ``rooms as members``; ``base`` whose the row below is, None
    of which could be made without ``child``. ``steps`` are the rows that must be there, the parent
    last; ``linked`` is what a row below it holds in the key's columns.
    """

    fk: Constraint
    name: str
    base: str
    steps: tuple[tuple[Relation, Row], ...]
    linked: Mapping[str, str | None]
    child: Row | None


@dataclass(frozen=True, slots=True)
class Unbuildable:
    """A row that could not be made, and why."""

    relation: str
    key: str
    reason: str
    constraint: str | None = None


@dataclass(slots=True)
class World:
    """Everything built.

    ``conditions`` are the columns of a relation that are asked for at once of a user's own row.
    ``together`` are the states of a relation that open its rows to everybody only together.
    ``swaps`` are what makes room for a state in which another row is already, and what gives that
    one the place that became free.
    ``gates`` are claims that everybody's token holds because restrictive policies ask for them.
    ``substitutes`` are columns that hold somebody else, or refer to his row, because a check wants
    them to differ from others.
    ``changes`` maps a persona's name to what else is other in the database while he knocks: whoever
    signs in anonymously has no address there, either. ``noted`` says of a row among that that it
    was there before any statement. ``enrolments`` are the statements that gave users a second
    factor, ``secrets`` what the owner's hashes were made of, by relation and column.
    ``neighbours`` are the universes with a tenant of the owner's other than his first.
    """

    actors: dict[str, Actor] = field(default_factory=dict)
    rows: dict[tuple[int, str], Row] = field(default_factory=dict)
    unbuildable: list[Unbuildable] = field(default_factory=list)
    standings: dict[str, tuple[Standing, str | None]] = field(default_factory=dict)
    crossings: dict[tuple[int, str], Row] = field(default_factory=dict)
    between: dict[int, list[Between]] = field(default_factory=dict)
    affiliates: dict[str, Affiliate] = field(default_factory=dict)
    conditions: dict[int, tuple[str, ...]] = field(default_factory=dict)
    departed: set[tuple[Standing, str | None]] = field(default_factory=set)
    substitutes: dict[int, set[str]] = field(default_factory=dict)
    slots: dict[int, Slot] = field(default_factory=dict)
    rosters: frozenset[int] = frozenset()
    strays: dict[tuple[int, str], int] = field(default_factory=dict)
    states: dict[tuple[int, str, str | None], Mapping[str, str | None]] = field(
        default_factory=dict
    )
    swaps: dict[tuple[int, str, str | None], tuple[str, str]] = field(default_factory=dict)
    together: dict[int, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    gates: tuple[Option, ...] = ()
    changes: dict[str, str] = field(default_factory=dict)
    noted: dict[str, str] = field(default_factory=dict)
    enrolments: list[str] = field(default_factory=list)
    secrets: dict[tuple[int, str], str] = field(default_factory=dict)
    neighbours: set[str] = field(default_factory=set)

    def row(self, relation: Relation, key: str) -> Row | None:
        """Return one row of a relation."""
        return self.rows.get((relation.oid, key))

    @property
    def named(self) -> Actor:
        """Whom new rows name beside their user: in no row beside anybody, if there is one."""
        return self.actors.get(BYSTANDER) or self.actors[VICTIM]

    def reaching(self, state: tuple[int, str, str | None], statement: str) -> str:
        """Return the statement that brings a row into a state with what must be around it."""
        before, after = self.swaps.get(state, ("", ""))
        return "; ".join((before, statement, after)) if before else statement

    def is_apart(self, relation: Relation, users: Collection[str], fk: Constraint) -> bool:
        """Whether a key refers to somebody else's row in everybody's, as a check wants it."""
        apart = self.substitutes.get(relation.oid, set()).difference(users)
        return not apart.isdisjoint(fk.columns)

    def is_listed(self, oid: int, key: str | None) -> bool:
        """Whether a user is on a list that gives power; the owner never is, though a row is his."""
        return oid in self.rosters and key != OWNER and (oid, key or "") in self.rows

    def is_colleague(self, key: str | None) -> bool:
        """Whether somebody else lives among the owner's rows: his tenants are the owner's."""
        actor = self.actors.get(key or "")
        return actor is not None and actor.world == OWNER and actor.key != OWNER
