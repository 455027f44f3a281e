"""Rows below a parent that is the owner's by one of several ways only, and new rows there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.row_classes import partly
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.decisions import asked_by_policies
from prospectr_db.access.probes.crossings import (
    crossed_parents,
    crossing,
    linked_columns,
    links_of,
    tried_once,
)
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OTHER, OWNER, VICTIM, Between, Row
from prospectr_db.access.writing.statements import insert, insert_known
from prospectr_db.access.writing.values import naming
from prospectr_db.database.catalog import Constraint, Relation

if TYPE_CHECKING:
    from prospectr_db.access.probes.probes import Plan

__all__ = ["add_all_between", "between", "inserts_between", "states_between"]

_MOST = 12
"""Rows in the states of such parents, and new ones, per relation."""

Asked = Mapping[int, frozenset[tuple[int, str]]]
"""Columns (relation, name) by the relation whose policies read them."""
Steps = tuple[tuple[Relation, Row], ...]
"""Rows that are made one after the other, the parents first."""


def add_all_between(builder: Builder, relations: Sequence[Relation]) -> None:
    """Find the rows below parents that are the owner's by one column or from above only.

    A room that he is a member of and did not make, an order that he sells and does not buy,
    somebody else's message in his conversation. None of them is kept: each is made when asked for.
    """
    asked = asked_by_policies(builder.catalog)
    left = {relation.oid: relation for relation in relations}

    def visit(relation: Relation) -> None:
        for fk in relation.foreign_keys:
            above = left.pop(fk.target or 0, None)
            if above is not None:
                visit(above)
        _add_between(builder, relation, asked)

    for relation in relations:
        if left.pop(relation.oid, None) is not None:
            visit(relation)


def _add_between(builder: Builder, relation: Relation, asked: Asked) -> None:
    if relation.is_partition or builder.world.row(relation, OWNER) is None:
        return
    known = builder.ownership[relation.oid].partly
    mine = asked.get(relation.oid, frozenset())
    for fk in links_of(builder.catalog, builder.ownership, relation):
        target = builder.catalog.by_oid[fk.target or 0]
        if target is relation or not target.is_table or builder.ownership[target.oid].user_keyed:
            continue
        if not known and target.oid not in {oid for oid, _ in mine}:
            continue
        for name, steps in _parents(builder, target, known, mine | asked.get(target.oid, mine)):
            made = _below(builder, relation, fk, name, steps)
            builder.world.between.setdefault(relation.oid, []).append(made)


def _parents(
    builder: Builder,
    target: Relation,
    known: frozenset[str],
    asked: frozenset[tuple[int, str]],
) -> Iterator[tuple[str, Steps]]:
    """Yield the rows of a table that are the owner's in part: what to call them, how to make them.

    The last step is the row itself, which the world may hold anyway. ``known`` were tried once;
    of the others those count that are his by columns which are ``asked`` for.
    """
    owner, world = builder.ownership[target.oid], builder.world
    for name in owner.deciding:
        row = world.row(target, f"{OWNER} as {name}")
        if row is not None:
            yield partly(target.name, name), ((target, row),)
    if not owner.deciding:
        for through, row in crossed_parents(builder, target):
            yield partly(target.name, through), ((target, row),)
        for above in world.between.get(target.oid, ()) if owner.parents else ():
            if above.child is not None:
                yield above.name, (*above.steps, (target, above.child))
        return
    for fk in links_of(builder.catalog, builder.ownership, target):
        columns = linked_columns(owner, fk)
        name = partly(target.name, " and ".join(columns))
        if fk.target == target.oid or not columns:
            continue
        if name in known or any((target.oid, column) in asked for column in columns):
            row = _made(builder, target, (), dict(_others(builder, target)), name)
            if row is not None:
                yield name, ((target, row),)
    yield from _by_users_alone(builder, target, known, asked)


def _by_users_alone(
    builder: Builder,
    target: Relation,
    known: frozenset[str],
    asked: frozenset[tuple[int, str]],
) -> Iterator[tuple[str, Steps]]:
    """Yield a row that is the owner's by its users, below what is somebody else's.

    He rents a unit that he does not let: whoever does may do more to what hangs below the lease. Or
    he is a patient of a clinic where he does not work.
    """
    owner = builder.ownership[target.oid]
    name = partly(target.name, " and ".join(owner.deciding))
    links = links_of(builder.catalog, builder.ownership, target)
    tenants = [fk for fk in target.foreign_keys if _is_joined(builder, target, fk)]
    for fk in dict.fromkeys((*links, *tenants)):
        columns = (*linked_columns(owner, fk), *owner.deciding)
        if fk.target == target.oid or set(fk.columns) & set(owner.users):
            continue
        if name in known or all((target.oid, column) in asked for column in columns):
            row = crossing(
                builder, target, fk, OWNER, builder.world.rows.get((fk.target or 0, OTHER))
            )
            if row is not None:
                yield name, ((target, row),)
                return


def _is_joined(builder: Builder, target: Relation, fk: Constraint) -> bool:
    """Whether a key refers to a tenant to which other tables than this one say who belongs."""
    tenant = builder.ownership.get(fk.target or 0)
    return tenant is not None and bool(set(tenant.joined_by) - {target.label})


def _others(builder: Builder, relation: Relation) -> Iterator[tuple[str, str]]:
    """Yield the columns of a row that hold a user, with somebody else in them."""
    for name in builder.ownership[relation.oid].users:
        yield name, naming(relation.by_name[name], builder.world.actors[VICTIM].id)


def _below(
    builder: Builder, relation: Relation, fk: Constraint, name: str, steps: Steps
) -> Between:
    """Return a row below such a parent, somebody else's where it holds users itself."""
    owner, parent = builder.ownership[relation.oid], steps[-1][1]
    pairs = dict(zip(fk.columns, fk.target_columns, strict=True))
    linked = {column: parent.values[pairs[column]] for column in linked_columns(owner, fk)}
    users = dict(_others(builder, relation)) if owner.deciding else {}
    child = _made(builder, relation, steps, {**users, **linked}, name)
    base = f"other's under own {', '.join(linked)}" if owner.deciding else "own"
    return Between(fk, name, base, steps, linked, child)


def _made(
    builder: Builder,
    relation: Relation,
    steps: Steps,
    wanted: Mapping[str, str | None],
    name: str,
) -> Row | None:
    """Return a row as it would be with some values, and keep nothing; None where it cannot be."""
    given = builder.given(relation, OWNER)
    if given is None:
        return None
    values = {**given[0], **wanted}
    key = f"{OWNER} between {name}"
    before = len(builder.world.unbuildable)
    builder.connection.execute("savepoint between")
    row = None
    if all(builder.quietly(insert_known(*step)) for step in _missing(builder, steps)):
        row = builder.attempt(relation, OWNER, values, set(values), name=key)
    builder.connection.execute("rollback to savepoint between; release savepoint between")
    builder.speaker = None
    builder.world.rows.pop((relation.oid, key), None)
    # Constraints may forbid such a row, and then there is nothing to observe about it.
    del builder.world.unbuildable[before:]
    same = row is not None and all(row.values[n] == value for n, value in wanted.items())
    return row if same else None


def _missing(builder: Builder, steps: Steps) -> Iterator[tuple[Relation, Mapping[str, str | None]]]:
    for relation, row in steps:
        if builder.world.rows.get((relation.oid, row.key)) is not row:
            yield relation, row.values


def _preparation(plan: Plan, found: Between, *, child: bool) -> str | None:
    """Return what makes the parent, and the row below it if it is one's that is asked for."""
    steps = [
        insert_known(relation, row.values)
        for relation, row in found.steps
        if plan.world.rows.get((relation.oid, row.key)) is not row
    ]
    if child and found.child is not None:
        steps.append(insert_known(plan.relation, found.child.values))
    return "; ".join(steps) or None


def between(plan: Plan, knocker: Knocker) -> Iterator[Probe]:
    """Yield reading, changing and deleting such rows, and adding one's own, as their user."""
    if knocker.actor != OWNER or knocker.brief:
        return
    for found in plan.world.between.get(plan.relation.oid, ()):
        if found.child is not None:
            rows, there = f"{found.base} [{found.name}]", _preparation(plan, found, child=True)
            yield from tried_once(plan, knocker, rows, found.child, there)
        given = _new(plan, knocker, found)
        if given is not None:
            yield _insert(
                plan, f"own [{found.name}]", given, _preparation(plan, found, child=False)
            )


def _new(plan: Plan, knocker: Knocker, found: Between) -> dict[str, str | None] | None:
    """Return one's own new row below such a parent."""
    role = knocker.persona.role
    if not plan.relation.holds_any(role, "a"):
        return None
    given = plan.insert_values(OWNER, OWNER, role=role, forced=found.linked)
    return None if given is None else {**given, **found.linked}


def _insert(
    plan: Plan, rows: str, given: Mapping[str, str | None], preparation: str | None
) -> Probe:
    steps = [step for step in (preparation, plan.make_room(given)) if step]
    text = insert(plan.relation, given)
    return Probe(None, rows, "insert", "values", None, text, "; ".join(steps) or None)


def states_between(
    plan: Plan, knocker: Knocker, mine: Collection[tuple[str, str]]
) -> Iterator[Probe]:
    """Yield the statements that reach no such row in each state of it and of its parent.

    ``mine`` are the row classes and commands that got through: whoever is reviewed may not see the
    review itself while it is a draft.
    """
    if knocker.actor != OWNER or knocker.brief:
        return
    count = 0
    for found in plan.world.between.get(plan.relation.oid, ()):
        child, parent = found.child, found.steps[-1][1]
        states = (*plan.own_states(child), *plan.states_of_part(found.fk, parent)) if child else ()
        for name, statement in states:
            there = _preparation(plan, found, child=True)
            made = "; ".join(step for step in (there, statement) if step)
            rows = f"{found.base} [{found.name}, {name}]"
            count += 1
            if child is None or count > _MOST:
                return
            for probe in tried_once(plan, knocker, rows, child, made):
                if (f"{found.base} [{found.name}]", probe.command) not in mine:
                    yield probe


def inserts_between(plan: Plan, knocker: Knocker, known: Collection[str]) -> Iterator[Probe]:
    """Yield one's own new rows below such parents in each state that policies ask for.

    Only where no new row gets in without one. ``known`` are the kinds that do.
    """
    if knocker.actor != OWNER or knocker.brief or "own" in known:
        return
    count = 0
    for found in plan.world.between.get(plan.relation.oid, ()):
        given = _new(plan, knocker, found)
        parent = found.steps[-1][1]
        for name, statement in plan.states_of_part(found.fk, parent) if given else ():
            before = _preparation(plan, found, child=False)
            there = "; ".join(step for step in (before, statement) if step)
            count += 1
            if given is not None and count <= _MOST:
                yield _insert(plan, f"own [{name}, {found.name}]", given, there)
