"""Members who stand beside another member in a row that relates two users: whom he has blocked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product

from prospectr_db.access.matrix.baselines import BOTH
from prospectr_db.access.ownership.tenancy import Membership
from prospectr_db.access.people.pairs import named, states_of_pair, users_of_pair
from prospectr_db.access.policies.decisions import functions_behind, mentioned_by
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OWNER, Affiliate
from prospectr_db.access.rows.strays import noting
from prospectr_db.access.writing.statements import insert_known, past_triggers
from prospectr_db.database.catalog import Catalog, Relation

__all__ = ["add_related_members"]

_MOST = 4


def add_related_members(
    builder: Builder,
    pairs: Sequence[Relation],
    members: Sequence[tuple[Membership, str | None]],
    known: Mapping[str, frozenset[str]],
) -> None:
    """Let plain members of the owner's tenant be related to him, while they are tried as that.

    A policy may ask whether anybody of those in a conversation has blocked who writes there. The
    row between the two is made before each of his statements: were it always there, the owner
    could not write, either. ``members`` are tables of members with who is a plain one; ``known``
    the labels of relations whose rows such users came to once, by the pair's label.
    """
    related = {pair.oid for pair in pairs}
    for pair, (membership, plain) in product(pairs, members):
        if plain is None or membership.relation.oid in related:
            continue
        asked = _asking_both(builder.catalog, pair, membership.relation)
        told = known.get(pair.label, ())
        asked += [r for r in builder.catalog.own_relations if r.label in told]
        only = frozenset(relation.oid for relation in asked) & membership.inside
        base = builder.world.row(pair, OWNER)
        if not only or base is None:
            continue
        owner = builder.ownership[pair.oid]
        ways = product(users_of_pair(pair, owner), states_of_pair(owner, base.values))
        for mine, states in islice(ways, _MOST):
            key = BOTH.join((named(pair, mine, states), plain))
            row = _row_between(builder, pair, mine, states, plain)
            if row is not None:
                # As if it had come to be before the triggers, whatever these write into new rows.
                builder.world.changes[key] = past_triggers(insert_known(pair, row))
                builder.world.noted[key] = noting(pair, row)
                builder.world.affiliates[key] = Affiliate(only, actor=plain)


def _asking_both(catalog: Catalog, *tables: Relation) -> list[Relation]:
    """Return the relations whose policies look into some tables, be it by the functions in them."""
    wanted = {table.oid for table in tables}
    found = []
    for relation in catalog.own_relations:
        behind = functions_behind(catalog, relation.policies).values()
        read = {oid for policy in relation.policies for oid, _ in policy.reads}
        read |= {oid for function in behind for oid, _ in mentioned_by(catalog, function)}
        if wanted <= read:
            found.append(relation)
    return found


def _row_between(
    builder: Builder, pair: Relation, mine: str, states: Mapping[str, str | None], plain: str
) -> dict[str, str | None] | None:
    """Return a row that relates a member to the owner; None where there can be none."""
    world = builder.world
    users = users_of_pair(pair, builder.ownership[pair.oid])
    held = {name: world.actors[plain if name == mine else OWNER].id for name in users}
    builder.settle_down(pair, mine, plain)
    rows, before = dict(world.rows), len(world.unbuildable)
    builder.connection.execute("savepoint related")
    given = builder.given(pair, plain)
    values = {**(given[0] if given else {}), **held, **states}
    row = builder.attempt(pair, plain, values, set(values)) if given else None
    builder.connection.execute("rollback to savepoint related; release savepoint related")
    builder.speaker = None
    world.rows.clear()
    world.rows.update(rows)
    del world.unbuildable[before:]
    return None if row is None or row.adopted else {**row.values, **held, **states}
