"""The statements that give a row to somebody else by several columns at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.matrix import TOGETHER
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.rows.inhabitants import OTHER, OWNER, VICTIM, Row
from prospectr_db.access.writing.statements import update
from prospectr_db.access.writing.values import names_one, naming
from prospectr_db.database.catalog import Column

if TYPE_CHECKING:
    from prospectr_db.access.probes.probes import Plan

__all__ = ["handovers"]


def handovers(
    plan: Plan,
    knocker: Knocker,
    granted: list[Column],
    targets: list[tuple[str, Row, str | None]],
) -> Iterator[Probe]:
    """Yield setting all owner columns at once, and all of them with the parents.

    A policy may refuse each alone and let all of them pass: its check compares them with each
    other, say, or a foreign key goes over several. Own rows are given, others' are taken.
    """
    if knocker.persona.role in plan.catalog.above_rls:
        return
    taker = knocker.actor if knocker.actor not in (OWNER, None) else None
    for rows, row, preparation in targets:
        if preparation is None:
            mine = rows.startswith(("own", "as ")) or taker is None
            for values in _sets(plan, None if mine else taker, granted):
                text, question = (
                    update(plan.relation, values, plan.where(row)),
                    _asked(plan, values),
                )
                shown = TOGETHER.join(values)
                yield Probe(row.label, rows, "update", "transfer", shown, text, None, question)
    if not knocker.brief and not plan.world.is_colleague(taker):
        for values in _sets(plan, taker, granted):
            text, shown = update(plan.relation, values), TOGETHER.join(values)
            yield Probe(None, "", "update", "transfer", shown, text, None, _asked(plan, values))


def _asked(plan: Plan, values: Mapping[str, str | None]) -> str:
    return plan.changed(next(iter(values)))


def _sets(plan: Plan, taker: str | None, granted: list[Column]) -> Iterator[dict[str, str | None]]:
    """Yield the columns to be set together for somebody; None is a user who did not ask for it."""
    seen: set[tuple[str, ...]] = set()
    found = [_owners(plan, taker or VICTIM)]
    if not plan.world.is_colleague(taker):
        # A colleague's parents are the owner's: the rows hang under them already.
        found.append(_owners_and_parents(plan, taker or OTHER))
    for values in found:
        chosen = {c.name: values[c.name] for c in granted if values.get(c.name) is not None}
        if len(chosen) > 1 and tuple(chosen) not in seen:
            seen.add(tuple(chosen))
            yield chosen


def _owners(plan: Plan, taker: str) -> dict[str, str | None]:
    """Return every column that decides whose a row is, with one user in all of them."""
    user = plan.world.actors[taker].id
    return {
        name: naming(plan.relation.by_name[name], user)
        for name in plan.owner.deciding
        if names_one(plan.relation.by_name[name]) and name not in plan.owner.listing
    }


def _owners_and_parents(plan: Plan, taker: str) -> dict[str, str | None]:
    """Return all columns that hold a user, and the keys of parents, as a row of his has them."""
    actor = plan.world.actors[taker]
    values: dict[str, str | None] = {
        name: plan.listed(name, taker)
        if name in plan.owner.listing
        else naming(plan.relation.by_name[name], actor.id)
        for name in plan.owner.users
        if names_one(plan.relation.by_name[name])
    }
    for fk in plan.links():
        for name in fk.columns:
            if name not in values:
                theirs = plan.parent_value(fk, name, actor.world)
                values[name] = theirs or plan.parent_value(fk, name, OTHER)
    return values
