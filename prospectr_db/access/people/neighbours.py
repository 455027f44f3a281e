"""Users of a second tenant beside the owner's: of another project in his workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prospectr_db.access.matrix.baselines import NEIGHBOURING
from prospectr_db.access.ownership.tenancy import Membership
from prospectr_db.access.people.affiliations import furnish, join, sign_up_as
from prospectr_db.access.probes.crossings import links_of
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OWNER, Actor, Affiliate
from prospectr_db.database.catalog import Catalog, Relation

__all__ = ["add_neighbours"]

Homes = Mapping[str, tuple[str, str] | None]
"""Universes with a tenant beside the owner's, each with what gives a member power there."""


def add_neighbours(
    builder: Builder, memberships: Sequence[Membership], plain: Mapping[int, str | None]
) -> None:
    """Make members of a second tenant of the same owner, or below the same one as the owner's.

    One for each power, else a plain one; and such as are plain members of the owner's tenant, or
    of the one above, as well. ``plain`` are who is that alone, by the table of members.
    """
    before = len(builder.world.unbuildable)
    for membership in memberships:
        homes = dict(_homes(builder, membership))
        above = set(_above(builder.catalog, membership.tenant))
        if membership.powers and not membership.exclusive:
            _add_to_both(builder, membership, membership, plain, homes)
        for outer in memberships:
            if outer.tenant.oid in above - membership.inside:
                _add_to_both(builder, membership, outer, plain, homes)
    # Constraints may forbid such users, and then there is nothing to observe about them.
    del builder.world.unbuildable[before:]


def _homes(
    builder: Builder, membership: Membership
) -> Iterator[tuple[str, tuple[str, str] | None]]:
    """Make the members of other tenants alone, and yield their universes."""
    tenant, world = membership.tenant, builder.world
    shared = builder.ownership[tenant.oid].users
    if not shared and not links_of(builder.catalog, builder.ownership, tenant):
        return  # another tenant has nothing in common with the owner's
    if world.row(membership.relation, OWNER) is None:
        return
    for power in membership.powers or (None,):
        key = sign_up_as(builder, membership, _named(tenant, [power]), apart=True)
        held = dict([power] if power else [])
        if _found(builder, membership, key) and join(builder, membership, key, held) is not None:
            world.affiliates[key] = Affiliate(membership.asking & membership.inside)
            furnish(builder, membership, key)
            yield key, power


def _named(tenant: Relation, powers: Sequence[tuple[str, str] | None]) -> str:
    told = ("=".join(power) if power else "member" for power in powers)
    return "".join((" and ".join(told), NEIGHBOURING, tenant.label))


def _found(builder: Builder, membership: Membership, key: str) -> bool:
    """Found a tenant as the owner did, below the same rows as his first."""
    tenant, world = membership.tenant, builder.world
    given = builder.given(tenant, OWNER)
    if given is None or builder.attempt(tenant, OWNER, *given, name=key) is None:
        return False
    world.neighbours.add(key)
    for oid in _above(builder.catalog, tenant):
        row = world.rows.get((oid, OWNER))
        keyed = builder.ownership[oid].user_keyed or oid in membership.inside
        if row is not None and not keyed:
            world.rows.setdefault((oid, key), row)
    return True


def _above(catalog: Catalog, relation: Relation) -> Iterator[int]:
    """Yield the tables that a relation hangs under, however far, without that of the users."""
    found = {relation.oid}
    left = [relation]
    while left:
        for oid in {fk.target for fk in left.pop().foreign_keys if fk.target} - found:
            target = catalog.by_oid.get(oid)
            found.add(oid)
            if target is not None and target is not catalog.users:
                left.append(target)
                yield oid


def _add_to_both(
    builder: Builder,
    membership: Membership,
    here: Membership,
    plain: Mapping[int, str | None],
    homes: Homes,
) -> None:
    """Make a plain member ``here``, where the owner is, who belongs to the other tenants, too."""
    base, world = plain.get(here.relation.oid), builder.world
    if base is None or not homes:
        return
    named = _named(membership.tenant, list(homes.values()))
    key = sign_up_as(builder, membership, f"{base}, {named}")
    user, second = world.actors[key], []
    for home, power in homes.items():
        name = f"{key} in {home}"
        world.actors[name] = Actor(name, user.id, user.email, home)
        if join(builder, membership, name, dict([power] if power else [])) is not None:
            second.append(home)
    if second and join(builder, here, key, {}) is not None:
        world.affiliates[key] = Affiliate(membership.asking & membership.inside, second=second[0])
