"""The statements that change rows: UPDATE column by column, MERGE, upsert, transfer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.handover import handovers
from prospectr_db.access.rows.inhabitants import NEWCOMER, OTHER, OWNER, VICTIM, Row
from prospectr_db.access.writing.statements import insert, typed, update
from prospectr_db.access.writing.values import naming, seeded_uuid
from prospectr_db.database.catalog import Column, quote_identifier

if TYPE_CHECKING:
    from prospectr_db.access.probes.probes import Plan

__all__ = ["for_another", "new_values", "plain_column", "updates"]


def updates(
    plan: Plan, knocker: Knocker, targets: list[tuple[str, Row, str | None]]
) -> Iterator[Probe]:
    """Yield changing each column that may be, of each row and of all."""
    role = knocker.persona.role
    writable = [c for c in plan.relation.columns if c.is_writable]
    granted = plan.relation.updatable(role)
    # Without any privilege one statement is as good as all: the refusal comes before the rows.
    chosen = granted or writable[:1]
    if not chosen:
        return
    plain = plain_column(plan, chosen)
    if knocker.brief:
        owners = [c for c in chosen if c.name in plan.owner.users and c is not plain]
        chosen = [plain, *owners[:2], *_movable(plan, knocker, chosen)]
    for column in chosen:
        yield from _of_column(plan, knocker, column, targets, is_plain=column is plain)
    if not knocker.brief and granted:
        for column in (c for c in writable if c not in granted):
            value = next(new_values(plan, knocker, column))
            text = update(plan.relation, {column.name: value})
            shown, asked = plan.shown(column, value), plan.changed(column.name)
            yield Probe(None, "", "update", "no where", shown, text, None, asked, value)
    if granted:
        yield from _other_updates(plan, knocker, granted, targets)


def _movable(plan: Plan, knocker: Knocker, granted: list[Column]) -> list[Column]:
    """Return the columns by which a member of two tenants could take a row along."""
    found = plan.world.affiliates.get(knocker.actor or "")
    if found is None or found.second is None:
        return []
    linked = {name for fk in plan.links() for name in fk.columns}
    return [column for column in granted if column.name in linked]


def _of_column(
    plan: Plan,
    knocker: Knocker,
    column: Column,
    targets: list[tuple[str, Row, str | None]],
    *,
    is_plain: bool,
) -> Iterator[Probe]:
    """Yield changing one column of every row and of each; in every state if it is the plain one."""
    for value in new_values(plan, knocker, column):
        shown = plan.shown(column, value)
        question = plan.changed(column.name)
        text = update(plan.relation, {column.name: value})
        gate = plan.gate("no where")
        yield Probe(None, "", "update", "no where", shown, text, None, question, value, gate)
        for rows, row, preparation in targets:
            if preparation is not None and not is_plain:
                continue
            other = for_another(plan, column, row, value) if rows == "own" else value
            text = update(plan.relation, {column.name: other}, plan.where(row))
            asked = plan.changed() if preparation else question
            known = row.label, rows, "update", "where", shown, text, preparation, asked, other
            yield Probe(*known, plan.gate("where", row))


def for_another(plan: Plan, column: Column, row: Row, value: str | None) -> str | None:
    """Return whom somebody names in his own row: not himself, who is there already."""
    if column.name not in plan.owner.users or row.values.get(column.name) != value:
        return value
    return naming(column, plan.world.actors[VICTIM].id)


def plain_column(plan: Plan, columns: list[Column]) -> Column:
    """Return a column that decides nothing, so that changing it shows what the policy says."""
    keys = {name for unique in plan.relation.uniques for name in unique.columns}
    avoid = [keys | set(plan.owner.states), set(plan.owner.states), set()]
    for avoided in avoid:
        for column in columns:
            if not plan.decides(column.name) and column.name not in avoided:
                return column
    return columns[0]


def _other_updates(
    plan: Plan,
    knocker: Knocker,
    granted: list[Column],
    targets: list[tuple[str, Row, str | None]],
) -> Iterator[Probe]:
    """Yield MERGE, upsert, and changing every owner column at once."""
    plain = plain_column(plan, granted)
    value = next(new_values(plan, knocker, plain))
    assigned = " = ".join((quote_identifier(plain.name), typed(plan.relation, plain.name, value)))
    text = " ".join(
        (
            "merge into",
            plan.relation.sql_name,
            "as t using (select 1) as s on true",
            "when matched then update set",
            assigned,
        )
    )
    shown, asked = plan.shown(plain, value), plan.changed(plain.name)
    yield Probe(None, "", "update", "merge", shown, text, None, asked, value)
    yield from handovers(plan, knocker, granted, targets)
    key = plan.relation.primary_key
    role = knocker.persona.role
    if key and all("a" in plan.relation.by_name[n].privileges.get(role, "") for n in key):
        yield from _upserts(plan, knocker, key, plain, value)


def _upserts(
    plan: Plan, knocker: Knocker, key: tuple[str, ...], plain: Column, value: str | None
) -> Iterator[Probe]:
    row = plan.targets.get(OWNER)
    if row is None or plain.name in key or knocker.actor is None or not plan.relation.is_table:
        return
    given = plan.insert_values(knocker.actor, plan.home(knocker), role=knocker.persona.role)
    if given is None:
        return
    given |= {name: row.values[name] for name in key}
    target = ", ".join(quote_identifier(name) for name in key)
    assigned = " = ".join((quote_identifier(plain.name), typed(plan.relation, plain.name, value)))
    tail = " ".join(("on conflict", f"({target})", "do update set", assigned))
    rows = plan.row_class(knocker, OWNER)
    yield Probe(
        row.label,
        rows,
        "update",
        "on conflict",
        plan.shown(plain, value),
        insert(plan.relation, given, tail),
        None,
        plan.changed(plain.name),
        value,
    )


def new_values(plan: Plan, knocker: Knocker, column: Column) -> Iterator[str | None]:
    """Yield values that differ from what the rows have now."""
    if plan.slot is not None and column.name in plan.slot.spare:
        yield plan.slot.spare[column.name]
        return
    own = plan.world.actors.get(knocker.actor or "", plan.world.actors[NEWCOMER])
    if column.name in plan.owner.listing:
        there = plan.targets.get(OWNER)
        held = there.values.get(column.name) if there else None
        yield plan.listed(column.name, knocker.actor, but=held)
        return
    if column.name in plan.owner.users:
        taker = plan.world.actors[VICTIM] if own.key == OWNER else own
        yield naming(column, taker.id)
        return
    fk = plan.foreign_key(column.name)
    if fk is not None:
        here = plan.world.affiliates.get(knocker.actor or "")
        second = plan.parent_value(fk, column.name, here.second) if here and here.second else None
        value = second or plan.parent_value(fk, column.name, OTHER)
        row = plan.targets.get(OWNER)
        if value is None or (row is not None and row.values.get(column.name) == value):
            value = seeded_uuid("missing") if column.base_name == "uuid" else "987654321"
        yield value
        return
    row = plan.targets.get(OWNER)
    current = row.values.get(column.name) if row else None
    if column.name in plan.owner.states:
        mine = plan.world.rows.get((plan.source.oid, knocker.actor or ""))
        if mine is not None and knocker.actor in plan.world.affiliates:
            current = mine.values.get(column.name)
        others = [v for v in plan.owner.states[column.name] if v != current]
        yield from others
        if others:
            return
    for value in plan.fresh_values(column):
        if value != current:
            yield value
            return
    yield None
