"""Lists of people who may more than others because they are on them: admins, staff, testers."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.asking import asks_about_caller
from prospectr_db.access.decisions import Text, helper_functions, mentions
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
    helpers = helper_functions(catalog).values()
    said = [(function.source, mentions(catalog, function.source)) for function in helpers]
    return frozenset(
        relation.oid
        for relation in catalog.own_relations
        if relation.is_table
        and not relation.is_partition
        and relation.oid not in targets
        and f"{relation.name} (" not in made.replace("(", " (")
        and _is_once_per_user(relation, ownership[relation.oid])
        and _says_who_left(relation, ownership[relation.oid], standings)
        and (
            relation.name in known
            or _is_asked_for(catalog, relation, ownership[relation.oid].users[0], said)
        )
    )


def _is_once_per_user(relation: Relation, owner: Ownership) -> bool:
    keys = [set(unique.columns) for unique in relation.uniques]
    return len(owner.users) == 1 and set(owner.users) in keys and not owner.parents


def _says_who_left(relation: Relation, owner: Ownership, standings: Sequence[Standing]) -> bool:
    leaving = {s.column for s in standings if s.relation == relation.oid and s.gone}
    return set(owner.states) <= leaving


def _is_asked_for(catalog: Catalog, relation: Relation, user: str, said: Sequence[Text]) -> bool:
    """Whether policies of other tables, or helpers of policies, look for the caller's row in it."""
    others = [other for other in catalog.relations if other.oid != relation.oid]
    texts = [(policy.text, policy.reads) for other in others for policy in other.policies]
    return asks_about_caller(catalog, [*texts, *said], relation, user, (user,))


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
