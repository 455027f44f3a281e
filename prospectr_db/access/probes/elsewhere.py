"""Rows that a member of two tenants brings from where he has power to where he has less."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.row_classes import ELSEWHERE
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.crossings import linked_columns
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.writing.statements import update
from prospectr_db.access.writing.values import names_one, naming

if TYPE_CHECKING:
    from prospectr_db.access.probes.probes import Plan

__all__ = ["elsewhere"]


def elsewhere(plan: Plan, knocker: Knocker) -> Iterator[Probe]:
    """Yield bringing a row of his, from below each parent there, below the owner's.

    A policy may ask of the row as it was for more than of the row as it will be: whoever may change
    it there then writes it here, where he may only read.
    """
    row, actor = plan.targets.get(OWNER), plan.world.actors.get(knocker.actor or "")
    found = plan.world.affiliates.get(knocker.actor or "")
    if row is None or actor is None or found is None or found.second is None:
        return
    if plan.slot is not None or not plan.relation.primary_key:
        return
    granted = {column.name for column in plan.relation.updatable(knocker.persona.role)}
    his = {
        name: naming(plan.relation.by_name[name], actor.id)
        for name in plan.owner.deciding
        if name not in plan.owner.listing and names_one(plan.relation.by_name[name])
    }
    for fk in plan.links():
        names = linked_columns(plan.owner, fk)
        there = {name: plan.parent_value(fk, name, found.second) for name in names}
        here = {name: row.values[name] for name in names}
        settled = None in (*there.values(), *here.values()) or there == here
        if names and not settled and set(names) <= granted - set(plan.relation.primary_key):
            made = update(plan.relation, {**his, **there}, plan.where(row))
            text = update(plan.relation, here, plan.where(row))
            shown, asked = names[0], plan.changed()
            yield Probe(row.label, ELSEWHERE, "update", "where", shown, text, made, asked)
