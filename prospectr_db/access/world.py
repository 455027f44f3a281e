"""The rows that probes run against: two users' worlds side by side, built from the catalog."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.access.ownership.ownership import Ownership
from prospectr_db.access.ownership.standing import Standing
from prospectr_db.access.ownership.tenancy import find_memberships
from prospectr_db.access.people.addressed import add_addressed, find_addressed
from prospectr_db.access.people.affiliations import add_affiliates, add_removed
from prospectr_db.access.people.conditions import add_under_conditions, find_conditions
from prospectr_db.access.people.gates import domain_of, find_gates, sign_in
from prospectr_db.access.people.listed_owners import add_rows_of_listed_owners
from prospectr_db.access.people.neighbours import add_neighbours
from prospectr_db.access.people.pairs import add_pairs, add_pairs_of_two, find_pairs
from prospectr_db.access.people.related_members import add_related_members
from prospectr_db.access.people.rosters import (
    add_listed,
    add_rows_of_listed,
    add_unlisted,
    find_owning_rosters,
)
from prospectr_db.access.people.through import add_through, find_through
from prospectr_db.access.personas.claim_options import put, whole
from prospectr_db.access.personas.impersonation import requested
from prospectr_db.access.policies.decisions import decision_texts
from prospectr_db.access.policies.expressions import claim_keys
from prospectr_db.access.probes.between import add_all_between
from prospectr_db.access.probes.crossings import add_crossings
from prospectr_db.access.probes.together import find_together
from prospectr_db.access.rows.amounts import add_amounts
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.hashed import keep_secrets
from prospectr_db.access.rows.inhabitants import (
    BYSTANDER,
    COLLEAGUE,
    NEWCOMER,
    OTHER,
    OWNER,
    VICTIM,
    Actor,
    Unbuildable,
    World,
)
from prospectr_db.access.rows.partitions import add_partition_rows
from prospectr_db.access.rows.strays import note_strays
from prospectr_db.access.rows.variations import (
    add_mixed,
    add_orphan,
    add_rows_of_standing,
    add_standing,
    add_states,
    demote,
    second_pass,
)
from prospectr_db.access.rows.vault import fill_vault
from prospectr_db.access.writing.statements import remember
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import Catalog, Relation

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = [
    "build_world",
]

_PERSONAL = ("sub", "email", "phone", "session_id")


def build_world(
    connection: Connection[Any],
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    standings: Sequence[Standing],
    *,
    supplied: Mapping[str, Mapping[str, str]] | None = None,
    relations: Iterable[Relation] | None = None,
    pairs: Mapping[str, frozenset[str]] | None = None,
    at_once: Mapping[str, Sequence[str]] | None = None,
    rosters: frozenset[int] = frozenset(),
    listed_owners: Mapping[str, Collection[str]] | None = None,
    powers: Collection[tuple[str, str]] = (),
) -> World:
    """Insert the rows, as a superuser whose triggers fire; the caller decides about the commit.

    ``supplied`` gives values by relation label and column, where guessing cannot succeed. ``pairs``
    are tables that relate two users, with relations whose rows are tried as such users; ``at_once``
    the columns by which users were told apart once, by relation label, alone or together;
    ``rosters`` the tables that give power to whoever is in them, ``listed_owners`` the relations
    where such users had rows of their own once, by how they are called; ``powers`` values of
    columns that gave power in other tenants.
    """
    gates = find_gates(connection, catalog)
    fill_vault(connection, catalog)
    builder = Builder(connection, catalog, ownership, supplied or {}, domain=domain_of(gates))
    builder.world.gates = gates
    connection.execute("set constraints all deferred")
    for key in (OWNER, OTHER, NEWCOMER, VICTIM):
        builder.add_actor(Actor(key, seeded_uuid("user", key), f"{key.lower()}@example.com", key))
    connection.execute(requested())  # Auth, which signs users up, says nothing of a request
    wanted = [
        relation
        for relation in (relations or catalog.own_relations)
        if relation.is_table and not relation.is_partition
    ]
    builder.world.rosters = rosters
    for key in (OWNER, OTHER):
        for relation in wanted:
            if key == OWNER or relation.oid not in builder.world.rosters:
                builder.get(relation, key)
    second_pass(builder)
    for relation in wanted:
        add_orphan(builder, relation)
        add_mixed(builder, relation)
        add_partition_rows(builder, relation)
    _add_people(builder, wanted, standings, pairs or {}, powers)
    for conditions in find_conditions(catalog, standings, at_once or {}):
        add_under_conditions(builder, conditions)
    for relation in wanted:
        add_rows_of_listed(builder, relation)
    add_rows_of_listed_owners(builder, wanted, listed_owners or {})
    add_amounts(builder, wanted)
    keep_secrets(builder)
    for relation in wanted:
        add_states(builder, relation)
        add_crossings(builder, relation)
    find_together(builder, wanted)
    add_all_between(builder, wanted)
    _settle_claims(builder)
    sign_in(builder, gates)
    _check_constraints(connection, builder)
    _refresh(connection, catalog)
    _remember(builder)
    note_strays(builder)
    return builder.world


def _add_people(
    builder: Builder,
    relations: Sequence[Relation],
    standings: Sequence[Standing],
    known: Mapping[str, frozenset[str]],
    powers: Collection[tuple[str, str]],
) -> None:
    """Make the users who differ from the first ones by what they are, or to whom."""
    catalog, ownership = builder.catalog, builder.ownership
    memberships = find_memberships(catalog, ownership, standings, powers)
    for membership in memberships:
        demote(builder, membership.relation)
        add_removed(builder, membership)
    for relation in relations:
        if relation.oid in builder.world.rosters:
            add_listed(builder, relation, standings)
    for roster in find_owning_rosters(catalog, ownership, standings, builder.world.rosters):
        add_unlisted(builder, roster, relations)
    pairs = find_pairs(catalog, ownership, known)
    for standing in standings:
        if standing.relation not in {pair.oid for pair in pairs}:
            add_standing(builder, standing)
    add_rows_of_standing(builder, relations)
    for pair in pairs:
        add_pairs(builder, pair, known.get(pair.label, frozenset()))
    add_pairs_of_two(builder, pairs)
    for two in find_through(catalog, ownership, known, builder.world.rosters):
        add_through(builder, two)
    for addressed in find_addressed(catalog, ownership):
        add_addressed(builder, addressed, known.get(addressed[0].label, frozenset()))
    plain = {m.relation.oid: add_affiliates(builder, m) for m in memberships}
    add_neighbours(builder, memberships, plain)
    add_related_members(builder, pairs, [(m, plain[m.relation.oid]) for m in memberships], known)
    for relation in relations:
        for name in ownership[relation.oid].users:
            # Whoever is to be given a row needs the profile that it would point at.
            builder.settle_down(relation, name, VICTIM)
    _add_bystander(builder, relations)


def _add_bystander(builder: Builder, relations: Sequence[Relation]) -> None:
    """Make a user beside whom nobody stands, where rows of several tables name the same one.

    New rows name him: whoever is blocked by all others could be followed by nobody.
    """
    world, ownership = builder.world, builder.ownership
    naming = [
        (relation, name)
        for relation in relations
        for name in sorted(world.substitutes.get(relation.oid, ()))
        if name in ownership[relation.oid].users
    ]
    if len({relation.oid for relation, _ in naming}) > 1:
        email = f"{BYSTANDER.lower()}@example.com"
        builder.add_actor(Actor(BYSTANDER, seeded_uuid("user", BYSTANDER), email, BYSTANDER))
        for relation in relations:
            for name in ownership[relation.oid].users:
                builder.settle_down(relation, name, BYSTANDER)


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


def _check_constraints(connection: Connection[Any], builder: Builder) -> None:
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


def _settle_claims(builder: Builder) -> None:
    """Give the actors the claims that policies compare columns with."""
    texts = (text for text, _ in decision_texts(builder.catalog))
    needed = {whole(path) for text in texts for path in claim_keys(text)}
    claims: dict[str, dict[tuple[str, ...], str | None]] = {}
    for (oid, key), row in builder.world.rows.items():
        for column, path in builder.ownership[oid].claims.items():
            if whole(path) in needed and path != ("email",):
                claims.setdefault(key, {}).setdefault(path, row.values[column])
    for key, paths in claims.items():
        if key in builder.world.actors:
            actor = builder.world.actors[key]
            builder.world.actors[key] = replace(actor, claims=_claims(paths))
    # What users write themselves makes nobody a colleague: whoever says it is a forger.
    given = {p: value for p, value in claims.get(OWNER, {}).items() if p[0] != "user_metadata"}
    if any(path[0] not in _PERSONAL for path in given):
        newcomer = builder.world.actors[NEWCOMER]
        colleague = replace(newcomer, key=COLLEAGUE, world=OWNER, claims=_claims(given))
        builder.world.actors[COLLEAGUE] = colleague


def _remember(builder: Builder) -> None:
    """Note every row's place and content, so that a change to it can be seen later."""
    for (oid, _), row in builder.world.rows.items():
        relation = builder.catalog.by_oid[oid]
        names = relation.primary_key or tuple(row.values)
        builder.connection.execute(remember(relation, row.label, row.values, names))


def _claims(paths: Mapping[tuple[str, ...], str | None]) -> dict[str, Any]:
    """Return keyword arguments of a persona for claims by path."""
    made: dict[str, Any] = {}
    top: dict[str, Any] = {}
    for path, value in paths.items():
        nested = path[0] in ("app_metadata", "user_metadata") and len(path) > 1
        target = made if nested else top
        put(target, path, value)
    return {**made, **({"claims": top} if top else {})}
