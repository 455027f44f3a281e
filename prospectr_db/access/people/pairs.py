"""Users who stand beside the owner in one row: who follows, blocks, befriends or guards him."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice, product

from prospectr_db.access.matrix.baselines import BOTH
from prospectr_db.access.ownership.ownership import Ownership
from prospectr_db.access.ownership.tenancy import asking
from prospectr_db.access.policies.spelling import spelt
from prospectr_db.access.probes.crossings import links_of
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import NEWCOMER, OTHER, OWNER, VICTIM, Actor, Affiliate
from prospectr_db.access.rows.reaching import keep
from prospectr_db.access.writing.values import is_list, seeded_uuid
from prospectr_db.database.catalog import Catalog, Relation

__all__ = [
    "add_pairs",
    "add_pairs_of_two",
    "find_pairs",
    "named",
    "states_of_pair",
    "users_of_pair",
]

_MOST_TABLES = 4
_MOST_STATES = 3
_MOST_TOGETHER = 8


def find_pairs(
    catalog: Catalog, ownership: Mapping[int, Ownership], known: Container[str] = ()
) -> tuple[Relation, ...]:
    """Return the tables that relate two users, and that policies of other tables ask.

    One that hangs below somebody's rows, as an order does, relates users where such a policy
    compares one of the two with a user of its own row: whose payout, or profile, somebody may see.
    ``known`` are labels of tables that were asked once.
    """
    read = {
        oid
        for relation in catalog.relations
        for policy in relation.policies
        for oid, _ in policy.reads
        if oid != relation.oid
    }
    found = [
        relation
        for relation in catalog.own_relations
        if len(users_of_pair(relation, ownership[relation.oid])) > 1
        and relation.is_table
        and not relation.is_partition
        and (
            relation.oid in read
            or relation.label in known
            or asking(catalog, relation, by_helpers=True)
        )
        and (
            not links_of(catalog, ownership, relation) or _finds_users(catalog, ownership, relation)
        )
    ]
    return tuple(found[:_MOST_TABLES])


def _finds_users(catalog: Catalog, ownership: Mapping[int, Ownership], pair: Relation) -> bool:
    """Whether a policy elsewhere asks for both users of a pair, one of them as its own row's."""
    columns = users_of_pair(pair, ownership[pair.oid])
    theirs = "|".join(map(re.escape, columns))
    for relation in catalog.own_relations:
        users = "|".join(map(re.escape, ownership[relation.oid].users))
        if relation is pair or not users:
            continue
        one, other = rf"{re.escape(pair.name)}\.(?:{theirs})", rf"(?:{users})"
        listed = rf"(?<![\w.]){other} IN \(SELECT (?:DISTINCT )?{one}\b"
        asked = re.compile(rf"\b{one} = {other}\b|(?<![\w.]){other} = {one}\b|{listed}")
        for policy in relation.policies:
            both = {(pair.oid, name) for name in columns} <= policy.reads
            texts = filter(None, (policy.using, policy.check) if both else ())
            if any(asked.search(spelt(text, relation.name)) for text in texts):
                return True
    return False


def users_of_pair(relation: Relation, owner: Ownership) -> tuple[str, ...]:
    """Return the columns of a table that hold the two users it relates."""
    return tuple(name for name in owner.users if not is_list(relation.by_name[name]))[:2]


def add_pairs(builder: Builder, relation: Relation, known: Iterable[str] = ()) -> None:
    """Make one user per column and state that policies tell apart, with the owner in the other.

    ``known`` are labels of relations to whose rows such users came once, or did not.
    """
    owner, labels = builder.ownership[relation.oid], builder.catalog.by_label
    only = asking(builder.catalog, relation) - {relation.oid}
    only |= {labels[label].oid for label in known if label in labels}
    base = builder.world.row(relation, OWNER)
    if base is None or not only:
        return
    before = len(builder.world.unbuildable)
    for mine in users_of_pair(relation, owner):
        _add_elsewhere(builder, relation, mine, only)
        for states in states_of_pair(owner, base.values):
            _add_pair(builder, relation, named(relation, mine, states), mine, states, only)
    # Constraints may forbid such a row, and then there is nothing to observe about it.
    del builder.world.unbuildable[before:]


def add_pairs_of_two(builder: Builder, pairs: Sequence[Relation]) -> None:
    """Make users who stand beside the owner in two tables at once: a follower whom he blocked.

    A policy may ask for both and let one make up for the other. Of the table that has states the
    row is in another than it is made in.
    """
    before = len(builder.world.unbuildable)
    for two in combinations(pairs, 2):
        one, other = sorted(two, key=lambda r: -len(builder.ownership[r.oid].states))
        owner, base = builder.ownership[one.oid], builder.world.row(one, OWNER)
        second = builder.ownership[other.oid]
        if base is None or builder.world.row(other, OWNER) is None:
            continue
        kinds = [states for states in states_of_pair(owner, base.values) if states] or [{}]
        users = product(users_of_pair(one, owner), kinds, users_of_pair(other, second))
        for mine, states, theirs in islice(users, _MOST_TOGETHER):
            names = named(one, mine, states), named(other, theirs, {})
            first = [builder.world.affiliates.get(name) for name in names]
            only = frozenset().union(*(who.asking for who in first if who is not None))
            key = BOTH.join(names)
            if None not in first:
                _add_pair(builder, one, key, mine, states, only)
                _add_pair(builder, other, key, theirs, {}, only)
            if (other.oid, key) not in builder.world.rows:
                builder.world.affiliates.pop(key, None)
    # Constraints may forbid such a row, and then there is nothing to observe about it.
    del builder.world.unbuildable[before:]


def named(relation: Relation, mine: str, states: Mapping[str, str | None]) -> str:
    """Return how a user is called who stands in a column of a row of the owner's, in a state."""
    told = "".join(f", {name}={'null' if v is None else v}" for name, v in states.items())
    return f"{mine} to the owner in {relation.label}{told}"


def states_of_pair(
    owner: Ownership, base: Mapping[str, str | None]
) -> Iterator[dict[str, str | None]]:
    """Yield the states of such a row: as it is made, and with one column changed."""
    yield {}
    others = [(name, v) for name, values in owner.states.items() for v in values]
    yield from [{name: v} for name, v in others if base.get(name) != v][:_MOST_STATES]


def _add_pair(
    builder: Builder,
    relation: Relation,
    key: str,
    mine: str,
    states: Mapping[str, str | None],
    only: frozenset[int],
) -> None:
    world = builder.world
    if key not in world.actors:
        email = f"{seeded_uuid(key)[:8]}@example.com"
        builder.add_actor(Actor(key, seeded_uuid("user", key), email, key))
    user = world.actors[key]
    builder.settle_down(relation, mine, key)
    given = builder.given(relation, key)
    if given is None:
        return
    columns = users_of_pair(relation, builder.ownership[relation.oid])
    users = {
        name: user.id if name == mine else world.actors[OWNER if name in columns else VICTIM].id
        for name in builder.ownership[relation.oid].users
        if not is_list(relation.by_name[name])
    }
    values = {**given[0], **users, **states}
    row = builder.attempt(relation, key, values, set(values))
    if row is None or any(row.values[name] != value for name, value in users.items()):
        return
    if keep(builder, relation, row, states):
        world.affiliates[key] = Affiliate(only)


def _add_elsewhere(builder: Builder, relation: Relation, mine: str, only: frozenset[int]) -> None:
    """Make a user who stands in such rows, one per state, but with others than the owner."""
    world = builder.world
    owner, base = builder.ownership[relation.oid], builder.world.row(relation, OWNER)
    key = f"{mine} to others in {relation.label}"
    user = Actor(key, seeded_uuid("user", key), f"{seeded_uuid(key)[:8]}@example.com", key)
    builder.add_actor(user)
    builder.settle_down(relation, mine, key)
    given = builder.given(relation, key)
    if given is None or base is None:
        return
    variants = list(states_of_pair(owner, base.values))
    for number, (states, other) in enumerate(
        zip(variants, (VICTIM, OTHER, NEWCOMER), strict=False)
    ):
        users = dict.fromkeys(users_of_pair(relation, owner), world.actors[other].id)
        for name in users:
            builder.settle_down(relation, name, other)
        values = {**given[0], **users, mine: user.id, **states}
        row = builder.attempt(relation, key, values, set(values), name=f"{key} {number}")
        if row is not None and keep(builder, relation, row, states):
            world.affiliates[key] = Affiliate(only)
