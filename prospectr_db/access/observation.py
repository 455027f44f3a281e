"""A clone made ready to be asked: catalog, owners, rows, and the personas that knock."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.matrix.given import NOTHING, Given
from prospectr_db.access.ownership.implied import with_implied_keys
from prospectr_db.access.ownership.ownership import Ownership, find_ownership
from prospectr_db.access.ownership.standing import Standing
from prospectr_db.access.people.rosters import find_rosters, without_rosters
from prospectr_db.access.personas.caller_functions import call_callers
from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.personas.personas import AUTHENTICATED, Persona, anon, service_role
from prospectr_db.access.policies.claim_spelling import with_plain_claims
from prospectr_db.access.policies.helper_bodies import HelperBodies
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.rows.inhabitants import NEWCOMER, OTHER, OWNER, Actor, World
from prospectr_db.access.world import build_world
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import Catalog, Relation, quote_identifier, read_catalog
from prospectr_db.database.connection import connect, connect_admin
from prospectr_db.database.sequences import put_sequences_back, sequence_positions
from prospectr_db.database.target import Target
from prospectr_db.errors import ProspectrError
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.access.probes.running import Outcome

__all__ = [
    "Observation",
    "add_forger",
    "knockers",
    "look",
    "open_observer",
    "prepare",
    "prepared",
    "undone",
]


@dataclass(slots=True)
class Observation:
    """A clone made ready: its catalog, what is known of owners, and the rows that were built."""

    connection: Connection[Any]
    catalog: Catalog
    ownership: Mapping[int, Ownership]
    standings: Sequence[Standing]
    world: World
    superuser: str
    settle: bool
    helpers: HelperBodies
    """What the helpers of policies say."""
    probes: int = 0
    controls: dict[tuple[str, str | None, str | None], Outcome] | None = None
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    given: Given = NOTHING
    others: tuple[Observation, ...] = ()
    """The same world on other connections, where there are several."""
    guises: tuple[Knocker, ...] = ()
    """The users with one claim less or more in their token."""
    inlined: str = ""
    """The SQL with which auth.uid() and its like are as on a project, for tokens not issued so."""

    def plan(self, relation: Relation) -> Plan:
        """Return the probes of one relation."""
        return Plan(self.catalog, self.ownership, self.world, relation)

    def unbound(self, key: str) -> Persona:
        """Return a superuser in the name of a user of the world: no policy or grant binds him."""
        return Persona("control", self.superuser, self.world.actors[key].persona("control").claims)

    @property
    def relations(self) -> list[Relation]:
        """Relations whose rows API roles could reach."""
        return [
            relation
            for relation in self.catalog.own_relations
            if self.catalog.reachable(relation)
            and (relation.is_table or relation.schema in self.catalog.exposed)
        ]


@contextlib.contextmanager
def prepared(
    target: Target,
    *,
    exposed: Sequence[str] = ("public",),
    given: Given = NOTHING,
) -> Iterator[Observation]:
    """Lend a world to ask single questions of, with nothing observed yet."""
    with open_observer(target) as connection, undone(connection):
        yield prepare(connection, exposed=exposed, given=given)


@contextlib.contextmanager
def undone(connection: Connection[Any]) -> Iterator[None]:
    """Leave a database as it was: roll back, and put the sequences back, which no rollback does."""
    before = sequence_positions(connection)
    connection.rollback()
    yield
    connection.rollback()
    put_sequences_back(connection, before)
    connection.commit()


def open_observer(target: Target) -> Connection[Any]:
    """Connect as the superuser, on our own server or wherever the login is one."""
    return connect_admin(target) if target.admin is not None else connect(target)


def prepare(
    connection: Connection[Any],
    *,
    exposed: Sequence[str] = ("public",),
    given: Given = NOTHING,
    catalog: Catalog | None = None,
) -> Observation:
    """Install the observer and build the world, in the current transaction.

    ``catalog`` is what `look` returned for this database, or for the one it is a copy of.
    """
    from prospectr_db.access.people.guises import guises
    from prospectr_db.access.people.tokens import HONEST, forgeries

    if catalog is None:
        catalog = look(connection, exposed=exposed)
    path = ", ".join(
        quote_identifier(name) for name in dict.fromkeys([*exposed, "public", "extensions"])
    )
    connection.execute("select set_config('search_path', %s, true)", (path,))
    ownership, standings = find_ownership(catalog, given)
    rosters = find_rosters(catalog, ownership, standings, given.listed, given.personal)
    ownership = without_rosters(catalog, ownership, rosters)
    connection.execute(sql_text("access/observer.sql"))
    world = build_world(
        connection,
        catalog,
        ownership,
        standings,
        supplied=given.values,
        pairs=given.pairs,
        at_once=given.standing,
        rosters=rosters,
        listed_owners=given.listed_owners,
        powers=given.powers,
    )
    # A policy that calls itself uses up all the stack there is, with each statement.
    connection.execute("set local max_stack_depth = '500kB'")
    # Tables never analysed are taken for large; for a few rows no worker is worth a start.
    connection.execute("set local max_parallel_workers_per_gather = 0")
    settle = any(c.deferrable for r in catalog.relations for c in r.constraints)
    settle = settle or any(
        "CONSTRAINT TRIGGER" in t.definition for r in catalog.relations for t in r.triggers
    )
    user = connection.info.user
    observation = Observation(
        connection,
        catalog,
        ownership,
        standings,
        world,
        user,
        settle,
        HelperBodies(connection, catalog),
        extra=given.personas,
        given=given,
    )
    for number, forged in enumerate(forgeries(observation)):
        add_forger(connection, observation, f"forger {number}", forged)
        if number == 0:
            add_forger(connection, observation, HONEST, {})
    observation.guises = guises(observation, knockers(observation))
    observation.inlined = call_callers(connection)
    return observation


def look(connection: Connection[Any], *, exposed: Sequence[str] = ("public",)) -> Catalog:
    """Read the catalog as a superuser, from whom nothing is hidden.

    Raises ProspectrError where the connection is no superuser's.
    """
    row = connection.execute(
        "select current_user, current_setting('is_superuser') = 'on'"
    ).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    if not row[1]:
        raise ProspectrError(
            f"Access can only be observed as a superuser, and {row[0]} is none.",
            hint="Use the embedded server: the world is built on a throwaway clone.",
        )
    # Without a search path every name and type is spelt out; with the API's, triggers find theirs.
    connection.execute("set local search_path = ''")
    return with_implied_keys(with_plain_claims(read_catalog(connection, exposed=exposed)))


def add_forger(
    connection: Connection[Any], observation: Observation, key: str, forged: Mapping[str, Any]
) -> None:
    """Let somebody sign up with metadata of his own choosing; triggers do with it what they do."""
    actor = Actor(key, seeded_uuid("user", key), f"{key.replace(' ', '')}@example.com", OTHER)
    observation.world.actors[key] = actor
    if observation.catalog.users is None:
        return
    with contextlib.suppress(psycopg.Error), connection.transaction():
        connection.execute(
            "insert into auth.users (id, email, aud, role, raw_app_meta_data, raw_user_meta_data)"
            " values (%s, %s, 'authenticated', 'authenticated', '{}', %s)",
            (actor.id, actor.email, json.dumps(forged)),
        )


def knockers(observation: Observation) -> list[Knocker]:
    """Return the personas of an observation: those every project has, and its own standings."""
    from prospectr_db.access.people.claims import server_claims
    from prospectr_db.access.people.roles import role_personas

    actors = observation.world.actors
    found = [
        Knocker(anon(), None),
        Knocker(actors[OWNER].persona("owner"), OWNER),
        Knocker(actors[OTHER].persona("stranger"), OTHER),
        # The same role as the stranger, so the same columns: only the rows can differ.
        Knocker(actors[NEWCOMER].persona("newcomer"), NEWCOMER, brief=True),
    ]
    found += [Knocker(actors[key].persona(key), key) for key in observation.world.standings]
    found += [
        Knocker(actors[key].persona(key), key, brief=who.brief, only=who.asking)
        for key, who in observation.world.affiliates.items()
    ]
    found += server_claims(observation)
    found += role_personas(observation)
    likes = {"owner": OWNER, "stranger": OTHER, "newcomer": NEWCOMER}
    for name, body in observation.extra.items():
        key = likes[body.get("like", "newcomer")]
        role = body.get("role", AUTHENTICATED)
        persona = actors[key].persona(name, role=role).with_claims(body.get("claims", {}))
        found.append(Knocker(persona, key))
    found += observation.guises
    found.append(Knocker(service_role(), None))
    return [k for k in found if k.persona.role in observation.catalog.roles]
