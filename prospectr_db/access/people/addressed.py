"""Users whom a row below the owner's names by their address: with whom a document is shared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prospectr_db.access.matrix.baselines import NAMED
from prospectr_db.access.ownership.ownership import Ownership
from prospectr_db.access.people.pairs import named, states_of_pair
from prospectr_db.access.policies.closure import leading_to
from prospectr_db.access.policies.decisions import asked_by_policies
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OWNER, Actor, Affiliate
from prospectr_db.access.rows.reaching import keep
from prospectr_db.access.writing.values import is_list, seeded_uuid
from prospectr_db.database.catalog import Catalog, Relation

__all__ = ["add_addressed", "find_addressed"]

_EMAIL = ("email",)
_MOST = 4
Addressed = tuple[Relation, str]
"""A table, and its column with the address that is compared with the caller's."""


def find_addressed(catalog: Catalog, ownership: Mapping[int, Ownership]) -> list[Addressed]:
    """Return the tables whose rows name somebody by his address and hang under others' rows."""
    return list(_tables(catalog, ownership))[:_MOST]


def _tables(catalog: Catalog, ownership: Mapping[int, Ownership]) -> Iterator[Addressed]:
    for relation in catalog.own_relations:
        owner = ownership[relation.oid]
        if relation.is_table and not relation.is_partition and owner.parents:
            for column, path in owner.claims.items():
                if path == _EMAIL and not is_list(relation.by_name[column]):
                    yield relation, column
                    break


def add_addressed(builder: Builder, found: Addressed, known: Iterable[str] = ()) -> None:
    """Make one user per state of such a row, who owns nothing and is named in one of the owner's.

    ``known`` are labels of relations to whose rows such users came once, or did not.
    """
    (relation, column), world, labels = found, builder.world, builder.catalog.by_label
    only = _asking(builder.catalog, relation)
    only |= {labels[label].oid for label in known if label in labels}
    owner, base = builder.ownership[relation.oid], world.row(relation, OWNER)
    if base is None or not only:
        return
    before = len(world.unbuildable)
    for states in states_of_pair(owner, base.values):
        key = f"{NAMED}{named(relation, column, states)}"
        email = f"{seeded_uuid(key)[:8]}@example.com"
        builder.add_actor(Actor(key, seeded_uuid("user", key), email, OWNER))
        given = builder.given(relation, key)
        if given is None:
            continue
        # Whoever else such a row names, as its sender, is who it is below.
        others = {name: base.values[name] for name in owner.users}
        values = {**given[0], **others, **states}
        row = builder.attempt(relation, key, values, set(values))
        if row is not None and keep(builder, relation, row, states):
            world.affiliates[key] = Affiliate(only)
    # Constraints may forbid such a row, and then there is nothing to observe about it.
    del world.unbuildable[before:]


def _asking(catalog: Catalog, relation: Relation) -> frozenset[int]:
    """Return the other relations whose rows can depend on a table's, be it through functions."""
    near = {oid: {read for read, _ in pairs} for oid, pairs in asked_by_policies(catalog).items()}
    found = {oid for oid, read in near.items() if relation.oid in read and oid != relation.oid}
    return frozenset(leading_to(found, near)) - {relation.oid} if found else frozenset()
