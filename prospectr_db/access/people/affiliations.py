"""Users who belong somewhere else, to two tenants, or to one no longer, and their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import psycopg

from prospectr_db.access.ownership.standing import Standing, weakest
from prospectr_db.access.ownership.tenancy import Membership
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OWNER, Actor, Affiliate, Row
from prospectr_db.access.rows.reaching import insist, keep
from prospectr_db.access.writing.statements import delete, equals, select_row
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import Relation

__all__ = ["add_affiliates", "add_removed", "furnish", "join", "sign_up_as"]

_MOST_HOMES = 4


def add_affiliates(builder: Builder, membership: Membership) -> str | None:
    """Make the plain member, one user per power that he has elsewhere, and a member of several.

    Return who the plain member is.
    """
    plain: str | None = None
    before = len(builder.world.unbuildable)
    if builder.world.row(membership.relation, OWNER) is not None:
        plain = _plain(builder, membership)
        for column, value in membership.powers:
            _add_elsewhere(builder, membership, column, value)
        if plain is not None and not membership.exclusive:
            _add_both(builder, membership, plain)
    # Constraints may forbid such users, and then there is nothing to observe about them.
    del builder.world.unbuildable[before:]
    return plain


def _plain(builder: Builder, membership: Membership) -> str | None:
    """Return who is a member and nothing more, making one where no role says so."""
    for standing in membership.roles:
        wanted = standing, builder.ownership[membership.relation.oid].weakest[standing.column]
        for key, found in builder.world.standings.items():
            if found == wanted:
                return key
    if membership.roles:
        return None
    key = sign_up_as(builder, membership, "member")
    if join(builder, membership, key, {}) is None:
        return None
    builder.world.affiliates[key] = Affiliate(membership.asking, brief=False)
    return key


def _add_elsewhere(builder: Builder, membership: Membership, column: str, value: str) -> None:
    key = sign_up_as(builder, membership, f"{column}={value} elsewhere", apart=True)
    if join(builder, membership, key, {column: value}) is not None:
        builder.world.affiliates[key] = Affiliate(membership.asking)
        furnish(builder, membership, key)


def furnish(builder: Builder, membership: Membership, key: str) -> None:
    """Make in a tenant what rows hang under: a policy may take any of it for the right one."""
    above = {fk.target for r in builder.catalog.own_relations for fk in r.foreign_keys}
    for oid in sorted(membership.below & above):
        builder.get(builder.catalog.by_oid[oid], key)


def _add_both(builder: Builder, membership: Membership, plain: str) -> None:
    """Make somebody a plain member here, with every power in tenants of his own."""
    powers = [f"{column}={value}" for column, value in membership.powers]
    owned = bool(builder.ownership[membership.tenant.oid].users)
    there = " and ".join(powers) or ("owner" if owned else "member")
    key = sign_up_as(builder, membership, f"{plain}, {there} elsewhere")
    user = builder.world.actors[key]
    homes = []
    # Before and after this tenant, so that whoever asks for one of several finds another.
    found = [*(membership.powers or (None,)), *(membership.powers or (None,))][:_MOST_HOMES]
    for home, power in zip(_around(builder, membership, key), found, strict=False):
        builder.world.actors[home] = Actor(home, user.id, user.email, home)
        if join(builder, membership, home, dict([power] if power else [])) is not None:
            homes.append(home)
    if not homes or join(builder, membership, key, {}) is None:
        return
    builder.world.affiliates[key] = Affiliate(membership.asking, second=homes[0])
    furnish(builder, membership, homes[0])


def _around(builder: Builder, membership: Membership, key: str) -> Iterator[str]:
    """Yield universes whose tenants' uuids sort before and after the owner's, in turn."""
    tenant = membership.tenant
    here = builder.world.row(tenant, OWNER)
    column = tenant.primary_key[0] if len(tenant.primary_key) == 1 else None
    names = [f"{key} {number}" for number in range(2 * _MOST_HOMES * _MOST_HOMES)]
    if here is None or column is None or tenant.by_name[column].base_name != "uuid":
        yield from names
        return
    ids = {name: seeded_uuid("id", tenant.label, column, name) for name in names}
    below = [name for name in names if ids[name] < str(here.values[column])]
    above = [name for name in names if name not in below]
    for place in range(len(names)):
        yield from (*below[place : place + 1], *above[place : place + 1])


def add_removed(builder: Builder, membership: Membership) -> None:
    """Make a member who leaves rows behind and goes, or whose membership says that he went."""
    if builder.world.row(membership.relation, OWNER) is None or not membership.can_be_left:
        return
    before, rows = len(builder.world.unbuildable), dict(builder.world.rows)
    builder.connection.execute("savepoint removal")
    key = sign_up_as(builder, membership, "removed member")
    row = plain = join(builder, membership, key, {})
    if row is None:  # a check forbids that all is the least at once: what begins ends after that
        row = join(builder, membership, key, {}, least=False)
    if row is not None:
        for oid in sorted(membership.below - membership.joining):
            _leave_behind(builder, builder.catalog.by_oid[oid], key)
    if row is None or not _remove(builder, membership, row) or not _still_there(builder, key):
        # Nobody goes like that: the row cannot be deleted, or everything goes with it.
        builder.connection.execute("rollback to savepoint removal")
        builder.speaker = None
        builder.world.rows.clear()
        builder.world.rows.update(rows)
        builder.pending = {place for place in builder.pending if place[1] != key}
        del builder.world.actors[key]
    else:
        builder.world.affiliates[key] = Affiliate(membership.asking, brief=False)
        if membership.leaving is not None:
            usual = (
                None if None in membership.leaving.values else _here(builder, membership.leaving)
            )
            like = (*membership.leaving.gone, usual) if plain is not None else ()
            builder.world.departed |= {(membership.leaving, value) for value in like}
    builder.connection.execute("release savepoint removal")
    del builder.world.unbuildable[before:]


def sign_up_as(builder: Builder, membership: Membership, name: str, *, apart: bool = False) -> str:
    """Sign somebody up, in the owner's universe or in one of his own; return his key."""
    key = name if name not in builder.world.actors else f"{membership.relation.name}.{name}"
    email = f"{seeded_uuid(key)[:8]}@example.com"
    builder.add_actor(Actor(key, seeded_uuid("user", key), email, key if apart else OWNER))
    return key


def join(
    builder: Builder,
    membership: Membership,
    key: str,
    changes: Mapping[str, str | None],
    *,
    least: bool = True,
) -> Row | None:
    """Make somebody a member of the tenant in his universe: a plain one, or one with a power.

    Of columns that are not the ``least`` he has what a new row holds.
    """
    relation = membership.relation
    given = builder.given(relation, key)
    if given is None:
        return None
    lowest = builder.ownership[relation.oid].weakest
    told = {
        standing.column: lowest[standing.column]
        for standing in membership.roles
        if lowest.get(standing.column)
    }
    wanted = {**(told if least else {}), **changes}
    if membership.leaving is not None and None not in membership.leaving.values:
        wanted[membership.leaving.column] = _here(builder, membership.leaving)
    values = {**given[0], **wanted}
    row = builder.attempt(relation, key, values, set(values))
    if row is not None:
        keep(builder, relation, row, {**wanted, **_link(membership, values)})
    return builder.world.row(relation, key)


def _here(builder: Builder, leaving: Standing) -> str | None:
    """Return the value of those who belong."""
    least = builder.ownership[leaving.relation].weakest.get(leaving.column)
    return least or weakest(leaving, ()) or None


def _link(membership: Membership, values: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name: values[name] for name in membership.link.columns if name in values}


def _leave_behind(builder: Builder, relation: Relation, key: str) -> None:
    """Let a member make a row of his own, where rows say who made them."""
    given = builder.given(relation, key) if builder.ownership[relation.oid].users else None
    if given is not None:
        builder.attempt(relation, key, *given)


def _remove(builder: Builder, membership: Membership, row: Row) -> bool:
    """End a membership as an application does: note it, empty the key, or delete the row."""
    relation, leaving = membership.relation, membership.leaving
    if leaving is not None:
        return insist(builder, relation, row, {leaving.column: leaving.gone[0]})
    if membership.keyed:
        return insist(builder, relation, row, dict.fromkeys(membership.link.columns))
    where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
    try:
        builder.connection.execute(
            f"savepoint w;{delete(relation, where)};"
            "set constraints all immediate; set constraints all deferred; release savepoint w"
        )
    except psycopg.Error:
        builder.connection.execute("rollback to savepoint w")
        return False
    return True


def _still_there(builder: Builder, key: str) -> bool:
    """Read again what somebody left behind, and forget what went with his membership."""
    users = builder.catalog.users
    for oid, whose in list(builder.world.rows):
        if whose != key or (users is not None and oid == users.oid):
            continue
        relation, row = builder.catalog.by_oid[oid], builder.world.rows[oid, whose]
        where = {n: row.values[n] for n in relation.primary_key or row.values}
        found = builder.connection.execute(select_row(relation, where)).fetchone()
        if found is None:
            del builder.world.rows[oid, whose]
            continue
        values = dict(zip((c.name for c in relation.columns), found, strict=True))
        builder.world.rows[oid, whose] = Row(row.label, oid, whose, values, row.adopted, row.forced)
    return any(
        whose == key and builder.ownership[oid].users and not builder.ownership[oid].user_keyed
        for oid, whose in builder.world.rows
        if users is None or oid != users.oid
    )
