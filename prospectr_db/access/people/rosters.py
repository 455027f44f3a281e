"""Lists of people who may more than others because they are on them: admins, staff, testers."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from prospectr_db.access.ownership.ownership import Ownership
from prospectr_db.access.ownership.standing import Standing
from prospectr_db.access.ownership.tenancy import asking
from prospectr_db.access.policies.asking import Asking
from prospectr_db.access.policies.closure import below
from prospectr_db.access.policies.decisions import Text, comparisons, helper_texts
from prospectr_db.access.rows.inhabitants import OWNER, VICTIM, Actor, Affiliate
from prospectr_db.access.writing.values import naming, seeded_uuid
from prospectr_db.database.catalog import Catalog, Relation

if TYPE_CHECKING:
    from prospectr_db.access.rows.building import Builder

__all__ = [
    "add_listed",
    "add_rows_of_listed",
    "add_unlisted",
    "find_owning_rosters",
    "find_rosters",
    "without_rosters",
]

_EVERYBODY = re.compile(
    r"profile|user|account|member|customer|client|patient|student|person|people", re.IGNORECASE
)
"""Tables that have a row of everybody, whatever else they say of him."""


def find_rosters(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    standings: Sequence[Standing],
    known: Container[str] = (),
    personal: Container[str] = (),
) -> frozenset[int]:
    """Return the tables with at most one row per user of which others ask whether it is there.

    No sign-up makes one. Where other tables refer to it, or it has columns that say more than who
    left, nobody puts himself on it, and whoever owns something below does so without it. Those
    ``known`` by name were asked for once, those ``personal`` by their label were not, however
    policies ask now.
    """
    targets = {fk.target for relation in catalog.relations for fk in relation.foreign_keys}
    once = list(_once_per_user(catalog, ownership, standings))
    candidates = [
        (relation, others)
        for relation, others in once
        if (relation.label not in personal or relation.name in known)
        and (
            (relation.oid not in targets and not others)
            or _is_apart(catalog, ownership, relation, known)
        )
    ]
    return frozenset(_giving_power(catalog, ownership, candidates, known))


def find_owning_rosters(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    standings: Sequence[Standing],
    rosters: Container[int],
) -> tuple[Relation, ...]:
    """Return such tables by which alone others' rows have an owner: the jobs of recruiters.

    Everybody of the world who has such rows is on them.
    """
    candidates = [
        (relation, others)
        for relation, others in _once_per_user(catalog, ownership, standings)
        if relation.oid not in rosters
        and not _EVERYBODY.search(relation.name)
        and not _can_be_joined(catalog, relation)
        and _is_needed_to_own(catalog, ownership, relation)
    ]
    return tuple(catalog.by_oid[oid] for oid in _giving_power(catalog, ownership, candidates))


_Once = tuple[Relation, frozenset[tuple[int, str]]]
"""A table with one row per user, and its columns that say more of him than that he left."""


def _once_per_user(
    catalog: Catalog, ownership: Mapping[int, Ownership], standings: Sequence[Standing]
) -> Iterator[_Once]:
    """Yield the tables with at most one row per user that no sign-up makes."""
    made = " ".join(f.source for f in catalog.functions if f.return_type == "trigger")
    for relation in catalog.own_relations:
        if (
            relation.is_table
            and not relation.is_partition
            and f"{relation.name} (" not in made.replace("(", " (")
            and _is_once_per_user(relation, ownership[relation.oid])
        ):
            yield relation, _more_than_who_left(relation, ownership[relation.oid], standings)


def _giving_power(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    candidates: Sequence[_Once],
    known: Container[str] = (),
) -> Iterator[int]:
    """Yield the tables of which policies ask whether the caller is in them."""
    texts = list(_texts(catalog)) if candidates else []
    for relation, others in candidates:
        name = ownership[relation.oid].users[0]
        # Whoever asks for more than the row says what kind of user may, and not that all may.
        plain = [(place, text) for place, text in texts if not others & set(text[1])]
        asked = Asking(catalog, plain).about_caller(relation, name, [name], beside=relation.oid)
        if asked or relation.name in known:
            yield relation.oid


def _is_once_per_user(relation: Relation, owner: Ownership) -> bool:
    keys = [set(unique.columns) for unique in relation.uniques]
    return len(owner.users) == 1 and set(owner.users) in keys and not owner.parents


def _more_than_who_left(
    relation: Relation, owner: Ownership, standings: Sequence[Standing]
) -> frozenset[tuple[int, str]]:
    leaving = {s.column for s in standings if s.relation == relation.oid and s.gone}
    return frozenset((relation.oid, name) for name in owner.states if name not in leaving)


def _is_apart(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    relation: Relation,
    known: Container[str],
) -> bool:
    """Whether some are on a list and some are not, though others refer to it."""
    if _EVERYBODY.search(relation.name):
        return False
    if relation.name not in known and _can_be_joined(catalog, relation):
        return False
    return not _is_needed_to_own(catalog, ownership, relation)


def _is_needed_to_own(
    catalog: Catalog, ownership: Mapping[int, Ownership], relation: Relation
) -> bool:
    """Whether rows of other tables are nobody's but of those on a list."""
    return any(
        _belongs_by(other, ownership[other.oid], relation)
        for other in catalog.own_relations
        if other.is_table and other is not relation
    )


def _can_be_joined(catalog: Catalog, relation: Relation) -> bool:
    """Whether users put themselves on a list."""
    adding = [p for p in relation.policies if p.permissive and p.command in ("insert", "all")]
    mine, _ = comparisons(catalog, ((policy.text, policy.reads) for policy in adding))
    granted = any(relation.holds_any(role, "a") for role in catalog.user_roles)
    own = any(oid == relation.oid for oid, _ in mine)
    return granted and (own or any(policy.text.strip("() ") == "true" for policy in adding))


def _belongs_by(relation: Relation, owner: Ownership, roster: Relation) -> bool:
    """Whether a table's rows have no owner but whoever on a list they name."""
    names = set(_listing(relation, {roster.oid}))
    read = {name for policy in relation.policies for oid, name in policy.reads}
    parents = [path for path in owner.parents if not set(path.split(", ")) & names]
    otherwise = parents or owner.claims or owner.members or set(owner.deciding) - names
    return not otherwise and bool(names & read)


def _listing(relation: Relation, rosters: Container[int]) -> dict[str, int]:
    """Return the columns in which a table's rows name somebody on a list, and which."""
    keys = [fk for fk in relation.foreign_keys if len(fk.columns) == 1]
    return {fk.columns[0]: fk.target for fk in keys if fk.target and fk.target in rosters}


def without_rosters(
    catalog: Catalog, ownership: Mapping[int, Ownership], rosters: Collection[int]
) -> dict[int, Ownership]:
    """Return whose rows are whose where nobody owns anything through those on a list."""
    found = dict(ownership)
    for relation in catalog.relations if rosters else ():
        if listing := _listing(relation, rosters):
            mine = found[relation.oid]
            parents = tuple(path for path in mine.parents if path not in listing)
            found[relation.oid] = replace(mine, parents=parents, listing=listing)
    return found


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


def add_unlisted(builder: Builder, relation: Relation, tables: Iterable[Relation]) -> None:
    """Make somebody who is not on a list and owns rows of whatever does not depend on that."""
    before = len(builder.world.unbuildable)
    catalog, key = builder.catalog, f"not in {relation.name}"
    under = below(catalog, relation)
    email = f"{seeded_uuid(key)[:8]}@example.com"
    builder.add_actor(Actor(key, seeded_uuid("user", key), email, key))
    for table in tables:
        if table.oid not in under:
            builder.get(table, key)
    builder.world.affiliates[key] = Affiliate(asking(catalog, relation) - under)
    del builder.world.unbuildable[before:]


def add_rows_of_listed(builder: Builder, relation: Relation) -> None:
    """Make a row that names each of those on a list and is somebody else's otherwise."""
    world, before = builder.world, len(builder.world.unbuildable)
    owner, victim = builder.ownership[relation.oid], builder.world.actors[VICTIM].id
    for column, roster in owner.listing.items():
        for key in [key for oid, key in world.rows if oid == roster]:
            if key == VICTIM or not world.is_listed(roster, key) or world.row(relation, key):
                continue
            if (given := builder.given(relation, key)) is not None:
                others = (relation.by_name[name] for name in owner.users if name != column)
                values = {**given[0], **{c.name: naming(c, victim) for c in others}}
                builder.attempt(relation, key, values, set(values))
    # Constraints may forbid such a row, and then there is nothing to observe about it.
    del world.unbuildable[before:]
