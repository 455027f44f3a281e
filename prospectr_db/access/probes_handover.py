"""The statements that give a row to somebody else by several columns at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prospectr_db.access.inhabitants import OTHER, OWNER, VICTIM, Row
from prospectr_db.access.knocks import Knocker, Probe
from prospectr_db.access.matrix import TOGETHER
from prospectr_db.access.statements import update
from prospectr_db.database.catalog import Column

if TYPE_CHECKING:
    from prospectr_db.access.probes import Plan

__all__ = ["handovers"]


def handovers(
    plan: Plan,
    knocker: Knocker,
    granted: list[Column],
    targets: list[tuple[str, Row, str | None]],
) -> Iterator[Probe]:
    """Yield setting all owner columns at once, and all of them with the parents.

    A policy may refuse each alone and let all of them pass: its check compares them with each
    other, say, or a foreign key goes over several. The owner gives, everybody else takes.
    """
    if knocker.persona.role in plan.catalog.above_rls:
        return
    seen: set[tuple[str, ...]] = set()
    for values in (_owners(plan, knocker), _owners_and_parents(plan, knocker)):
        chosen = {c.name: values[c.name] for c in granted if values.get(c.name) is not None}
        if len(chosen) < 2 or tuple(chosen) in seen:
            continue
        seen.add(tuple(chosen))
        shown, question = TOGETHER.join(chosen), plan.changed(next(iter(chosen)))
        text = update(plan.relation, chosen)
        yield Probe(None, "", "update", "transfer", shown, text, None, question)
        for rows, row, preparation in targets:
            if preparation is None:
                text = update(plan.relation, chosen, plan.where(row))
                yield Probe(row.label, rows, "update", "transfer", shown, text, None, question)


def _owners(plan: Plan, knocker: Knocker) -> dict[str, str | None]:
    """Return every column that decides whose a row is, as somebody without rows would have it."""
    taker = VICTIM if knocker.actor in (OWNER, None) else knocker.actor
    user = plan.world.actors[taker or VICTIM].id
    return {name: user for name in plan.owner.deciding if not _is_list(plan, name)}


def _owners_and_parents(plan: Plan, knocker: Knocker) -> dict[str, str | None]:
    """Return the same with the keys of parents, as a row of the other user has them."""
    taker = OTHER if knocker.actor in (OWNER, None) else knocker.actor or OTHER
    home = plan.home(knocker) if taker not in (OWNER, OTHER) else OTHER
    user = plan.world.actors[taker].id
    values: dict[str, str | None] = {
        name: user for name in plan.owner.users if not _is_list(plan, name)
    }
    for fk in plan.links():
        for name in fk.columns:
            if name not in values:
                values[name] = plan.parent_value(fk, name, home) or plan.parent_value(
                    fk, name, OTHER
                )
    return values


def _is_list(plan: Plan, name: str) -> bool:
    return plan.relation.by_name[name].category == "A"
