"""Lists of people who may more than others because they are on them: admins, staff, testers."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.asking import Asking
from prospectr_db.access.decisions import Text, helper_texts
from prospectr_db.access.inhabitants import OWNER, Actor
from prospectr_db.access.ownership import Ownership
from prospectr_db.access.standing import Standing
from prospectr_db.access.values import seeded_uuid
from prospectr_db.database.catalog import Catalog, Relation

if TYPE_CHECKING:
    from prospectr_db.access.building import Builder

__all__ = ["add_listed", "find_rosters"]


def find_rosters(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    standings: Sequence[Standing],
    known: Container[str] = (),
) -> frozenset[int]:
    """Return the tables with at most one row per user of which others only ask whether it is there.

    Nothing refers to such a row, no sign-up makes one, and its columns say at most who left. Those
    ``known`` by name were asked for once.
    """
    targets = {fk.target for relation in catalog.relations for fk in relation.foreign_keys}
    made = " ".join(f.source for f in catalog.functions if f.return_type == "trigger")
    candidates = [
        relation
        for relation in catalog.own_relations
        if relation.is_table
        and not relation.is_partition
        and relation.oid not in targets
        and f"{relation.name} (" not in made.replace("(", " (")
        and _is_once_per_user(relation, ownership[relation.oid])
        and _says_who_left(relation, ownership[relation.oid], standings)
    ]
    if not candidates:
        return frozenset()
    asking = Asking(catalog, _texts(catalog))
    users = {relation.oid: ownership[relation.oid].users for relation in candidates}
    return frozenset(
        relation.oid
        for relation in candidates
        if relation.name in known
        or asking.about_caller(
            relation, users[relation.oid][0], users[relation.oid], beside=relation.oid
        )
    )


def _is_once_per_user(relation: Relation, owner: Ownership) -> bool:
    keys = [set(unique.columns) for unique in relation.uniques]
    return len(owner.users) == 1 and set(owner.users) in keys and not owner.parents


def _says_who_left(relation: Relation, owner: Ownership, standings: Sequence[Standing]) -> bool:
    leaving = {s.column for s in standings if s.relation == relation.oid and s.gone}
    return set(owner.states) <= leaving


def _texts(catalog: Catalog) -> Iterator[tuple[int | None, Text]]:
    """Yield every policy, by its table, and every helper of policies."""
    for relation in catalog.relations:
        yield from ((relation.oid, (policy.text, policy.reads)) for policy in relation.policies)
    yield from ((None, text) for text in helper_texts(catalog))


def add_listed(builder: Builder, relation: Relation, standings: Sequence[Standing]) -> None:
    """Make somebody who is on a list, where no column of it says who is what."""
    if any(standing.relation == relation.oid for standing in standings):
        return
    key = f"in {relation.name}"
    email = f"{seeded_uuid(key)[:8]}@example.com"
    builder.add_actor(Actor(key, seeded_uuid("user", key), email, OWNER))
    given = builder.given(relation, key)
    if given is not None and builder.attempt(relation, key, *given) is not None:
        standing = Standing(relation.oid, builder.ownership[relation.oid].users[0], ())
        builder.world.standings[key] = (standing, None)
