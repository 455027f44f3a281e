"""Rows between two users: mine below somebody else's parent, and somebody else's below mine."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from prospectr_db.access.ownership.ownership import Ownership
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.update import new_values, plain_column
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OTHER, OWNER, VICTIM, Row
from prospectr_db.access.writing.statements import delete, equals, insert_known, remember, update
from prospectr_db.access.writing.values import naming
from prospectr_db.database.catalog import Catalog, Column, Constraint, Relation

if TYPE_CHECKING:
    from prospectr_db.access.probes.probes import Plan

__all__ = [
    "add_crossings",
    "crossed_parents",
    "crossing",
    "crossings",
    "is_of_two",
    "linked_columns",
    "links_of",
    "made_between",
    "tried_once",
    "unnamed_crossings",
]


def links_of(
    catalog: Catalog, ownership: Mapping[int, Ownership], relation: Relation
) -> list[Constraint]:
    """Return the foreign keys to rows that belong to somebody."""
    users = set(ownership[relation.oid].users) if relation.oid in ownership else set()
    return [
        fk
        for fk in relation.foreign_keys
        if fk.target is not None
        and ownership.get(fk.target, Ownership()).owned
        and (target := catalog.by_oid.get(fk.target)) is not catalog.users
        and target is not None
        and not set(fk.columns) <= users
        and not set(fk.columns) & ownership[relation.oid].listing.keys()
    ]


def linked_columns(owner: Ownership, fk: Constraint) -> tuple[str, ...]:
    """Return the columns of a foreign key that hold no user."""
    return tuple(name for name in fk.columns if name not in owner.users)


def add_crossings(builder: Builder, relation: Relation) -> None:
    """Find rows that belong to one user by themselves and to another by a parent; keep none.

    A row gets there by an upsert, an import, or when its parent changes hands; or it has two users
    by its parents alone, as who is reviewed and who reviews. Whoever is in a tenant is another
    question, and has personas of its own; but another's membership in a tenant that somebody owns
    is seen by its owner in no other row, for he may treat his own otherwise.
    """
    owner = builder.ownership[relation.oid]
    if owner.user_keyed or relation.is_partition:
        return
    every = [
        fk
        for fk in links_of(builder.catalog, builder.ownership, relation)
        # Over the user as well no such row can be.
        if not set(fk.columns) & set(owner.users)
    ]
    links = [fk for fk in every if not builder.ownership[fk.target or 0].members]
    if not owner.deciding:
        links = _links_to_users(builder, relation, links)
    tenants = [fk for fk in every if _is_in_owned_tenant(builder, relation, fk)]
    for fk in (*links, *tenants):
        names = ", ".join(linked_columns(owner, fk))
        kinds = [] if fk in tenants else [(f"own under other's {names}", OWNER, OTHER)]
        if owner.deciding:
            kinds.append((f"other's under own {names}", OTHER, OWNER))
        for rows, whose, under in kinds:
            parent = builder.world.rows.get((fk.target or 0, under))
            row = crossing(builder, relation, fk, whose, parent)
            if row is not None:
                builder.world.crossings[relation.oid, rows] = row
        if owner.claims.keys() & set(fk.columns):
            _add_within_tenant(builder, relation, fk)


def _is_in_owned_tenant(builder: Builder, relation: Relation, fk: Constraint) -> bool:
    """Whether a row says who is a member of a tenant that is somebody's by a column of its own."""
    tenant = builder.ownership[fk.target or 0]
    return relation.label in tenant.members and bool(tenant.deciding)


def _add_within_tenant(builder: Builder, relation: Relation, fk: Constraint) -> None:
    """Find a row of the owner's below another's of the same tenant, where the key says which.

    Below that of a stranger it would be in another tenant, and whoever has two who may do something
    in his own would be told of by no row.
    """
    owner, parent = builder.ownership[relation.oid], builder.catalog.by_oid[fk.target or 0]
    names = [n for n in linked_columns(owner, fk) if n not in owner.claims]
    known = builder.given(parent, OWNER)
    users = builder.ownership[parent.oid].deciding
    if not names or not users or known is None or builder.world.row(parent, OWNER) is None:
        return
    user = builder.world.actors[VICTIM].id
    values = {**known[0], **{n: naming(parent.by_name[n], user) for n in users}}
    with _tried(builder):
        name = f"another beside {OWNER}"
        above = builder.attempt(parent, OWNER, values, set(values), name=name)
        builder.world.rows.pop((parent.oid, name), None)
        row = crossing(builder, relation, fk, OWNER, above)
    if above is None or row is None or any(above.values[n] != values[n] for n in users):
        return
    made = insert_known(parent, above.values)
    rows = f"own under other's {', '.join(names)}"
    builder.world.crossings.setdefault((relation.oid, rows), replace(row, below=made))


@contextlib.contextmanager
def _tried(builder: Builder) -> Iterator[None]:
    """Keep nothing of what is built: constraints may forbid it, and then nothing is to be seen."""
    before = len(builder.world.unbuildable)
    builder.connection.execute("savepoint crossing")
    yield
    builder.connection.execute("rollback to savepoint crossing; release savepoint crossing")
    builder.speaker = None
    del builder.world.unbuildable[before:]


def _links_to_users(
    builder: Builder, relation: Relation, links: list[Constraint]
) -> list[Constraint]:
    """Return the keys to rows of single users that policies ask for, where these are several."""
    owner = builder.ownership[relation.oid]
    found = [
        fk
        for fk in links
        if fk.target != relation.oid
        and builder.ownership[fk.target or 0].deciding
        and all((relation.oid, name) in owner.asked for name in fk.columns)
    ]
    return found if len(found) > 1 else []


def crossed_parents(builder: Builder, relation: Relation) -> Iterator[tuple[str, Row]]:
    """Yield the rows that are the owner's by one of several parents, with the columns of that."""
    if builder.ownership[relation.oid].deciding:
        return
    prefix = "own under other's "
    found = {
        rows.removeprefix(prefix): row
        for (oid, rows), row in builder.world.crossings.items()
        if oid == relation.oid and rows.startswith(prefix)
    }
    for names, row in found.items():
        yield " and ".join(other for other in found if other != names), row


def crossing(
    builder: Builder, relation: Relation, fk: Constraint, whose: str, parent: Row | None
) -> Row | None:
    """Return somebody's row as it would be below another's parent, and keep nothing."""
    owner = builder.ownership[relation.oid]
    given = builder.given(relation, whose)
    if parent is None or given is None or builder.world.row(relation, whose) is None:
        return None
    pairs = dict(zip(fk.columns, fk.target_columns, strict=True))
    crossed = {name: parent.values[pairs[name]] for name in linked_columns(owner, fk)}
    values = {**given[0], **_home(builder, relation, whose), **crossed}
    fixed = {name: values[name] for name in (*owner.deciding, *crossed) if name in values}
    name = f"{whose} under {parent.key}'s {', '.join(crossed)}"
    with _tried(builder):
        row = builder.attempt(relation, whose, values, set(values), name=name)
    builder.world.rows.pop((relation.oid, name), None)
    same = row is not None and all(row.values[n] == value for n, value in fixed.items())
    return row if same else None


def _home(builder: Builder, relation: Relation, whose: str) -> dict[str, str | None]:
    """Return what keys refer to that a check wants apart, all the same in somebody's own rows."""
    owner = builder.ownership[relation.oid]
    found: dict[str, str | None] = {}
    for fk in links_of(builder.catalog, builder.ownership, relation):
        parent = builder.world.rows.get((fk.target or 0, whose))
        if parent is not None and builder.world.is_apart(relation, owner.users, fk):
            pairs = zip(fk.columns, fk.target_columns, strict=True)
            found |= {name: parent.values[wanted] for name, wanted in pairs}
    return found


def crossings(plan: Plan, knocker: Knocker) -> Iterator[Probe]:
    """Yield reading, changing and deleting such rows, each made just before, as their user."""
    if knocker.actor != OWNER or knocker.brief:
        return
    claiming = knocker.calls is not None
    for (oid, rows), row in plan.world.crossings.items():
        # A claim more counts on his own rows, and below his own parents he needs none.
        if oid != plan.relation.oid or (claiming and not rows.startswith("own under")):
            continue
        there = made_between(plan.relation, row)
        if claiming:
            if is_of_two(plan, rows):
                yield from tried_once(plan, knocker, rows, row, there)
        elif is_of_two(plan, rows):
            yield from _in_states(plan, knocker, rows, row, there)
        else:
            yield from tried_once(plan, knocker, rows, row, there)


def made_between(relation: Relation, row: Row) -> str:
    """Return the statements that make such a row, and what it is below where nobody has that."""
    return "; ".join(filter(None, (row.below, insert_known(relation, row.values))))


def is_of_two(plan: Plan, rows: str) -> bool:
    """Whether policies ask for such a row's parent as well: it has two who may do something.

    Otherwise its states are told of the rows below one's own parent.
    """
    names = rows.removeprefix("own under other's ").removeprefix("other's under own ").split(", ")
    asked = {oid for oid, _ in plan.owner.asked}
    return any(fk.target in asked and set(names) <= set(fk.columns) for fk in plan.links())


def _in_states(plan: Plan, knocker: Knocker, rows: str, row: Row, there: str) -> Iterator[Probe]:
    """Yield the same of the row as it is and in each of its states, and changing its state."""
    granted = plan.relation.updatable(knocker.persona.role)
    moving = [column for column in granted if column.name in plan.owner.states]
    yield from tried_once(plan, knocker, rows, row, there, named=bool(moving))
    yield from _moved(plan, moving, rows, row, there)
    for name, change in plan.own_states(row):
        found, place = plan.in_state(row, name), f"{rows} [{name}]"
        made = f"{there}; {change}"
        yield from tried_once(plan, knocker, place, found, made, named=bool(moving))
        yield from _moved(plan, moving, place, found, made)


def _moved(plan: Plan, columns: list[Column], rows: str, row: Row, made: str) -> Iterator[Probe]:
    """Yield giving each of a row's state columns each other value; ``made`` makes the row."""
    state = rows.partition(" [")[2].rstrip("]")
    for column in columns:
        for value in plan.owner.states.get(column.name, ()):
            shown = plan.shown(column, value)
            if value is not None and shown != state and value != row.values.get(column.name):
                text = update(plan.relation, {column.name: value}, plan.where(row))
                known = row.label, rows, "update", "where", shown, text, made, None, value
                yield Probe(*known, plan.gate("where", row))


def unnamed_crossings(
    plan: Plan, knocker: Knocker, mine: Collection[tuple[str, str]], commands: Collection[str]
) -> Iterator[Probe]:
    """Yield statements without WHERE on such rows as were not reached, as their user.

    PostgreSQL asks no policy about SELECT then: rows that he does not see are deleted, changed, or
    brought below a parent of his own. ``mine`` and ``commands`` are as in `openings`.
    """
    relation = plan.relation
    names = relation.primary_key
    if knocker.actor != OWNER or knocker.brief or knocker.calls is not None or not names:
        return
    granted = relation.updatable(knocker.persona.role)
    for (oid, rows), row in plan.world.crossings.items():
        if oid != relation.oid:
            continue
        noted = remember(relation, row.label, row.values, names)
        there = "; ".join((made_between(relation, row), noted))
        if "update" in commands and (rows, "update") not in mine and granted:
            for values in _changes(plan, knocker, granted):
                text = update(relation, values)
                asked = plan.changed()
                yield Probe(row.label, rows, "update", "no where", None, text, there, asked)
        if "delete" in commands and (rows, "delete") not in mine:
            text = delete(relation)
            if relation.holds(knocker.persona.role, "d"):
                yield Probe(row.label, rows, "delete", "no where", None, text, there, plan.gone())


def _changes(
    plan: Plan, knocker: Knocker, granted: list[Column]
) -> Iterator[dict[str, str | None]]:
    """Yield a plain change, and what brings a row below one's own parents."""
    plain = plain_column(plan, granted)
    yield {plain.name: next(new_values(plan, knocker, plain))}
    home = plan.home(knocker)
    for fk in plan.links():
        names = linked_columns(plan.owner, fk)
        if set(names) <= {column.name for column in granted}:
            yield {name: plan.parent_value(fk, name, home) for name in names}


def tried_once(
    plan: Plan,
    knocker: Knocker,
    rows: str,
    row: Row,
    there: str | None,
    *,
    named: bool = False,
) -> Iterator[Probe]:
    """Yield reading, changing and deleting one row, which ``there`` makes or moves just before.

    The column that is changed is ``named`` where others are tried beside it.
    """
    relation, role = plan.relation, knocker.persona.role
    readable = [c.name for c in relation.columns if "r" in c.privileges.get(role, "")]
    if readable:
        names = [n for n in relation.primary_key or readable if n in readable] or readable
        where = equals(relation, {name: row.values[name] for name in names})
        text = " ".join(("select 1 from", relation.sql_name, "where", where))
        yield Probe(row.label, rows, "select", "where", None, text, there)
    if granted := relation.updatable(role):
        plain = plain_column(plan, granted)
        in_states = plain.name in plan.owner.states  # then the value decides, and is told
        for value in list(new_values(plan, knocker, plain))[: None if in_states else 1]:
            shown = plan.shown(plain, value) if in_states or named else None
            text = update(relation, {plain.name: value}, plan.where(row))
            yield Probe(row.label, rows, "update", "where", shown, text, there)
    if relation.holds(role, "d"):
        text = delete(relation, plan.where(row))
        yield Probe(row.label, rows, "delete", "where", None, text, there)
