"""Rows in several states at once that a policy asks for, whoever reads: published, and by now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice

from prospectr_db.access.matrix.matrix import Cell, Verdict
from prospectr_db.access.matrix.row_classes import columns_of, states_of
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.rows import selects
from prospectr_db.access.probes.together import open_conditions
from prospectr_db.access.rows.inhabitants import NEWCOMER, OTHER, OWNER

__all__ = ["on_top", "several"]

_MOST_TOGETHER = 3
_MOST = 60


def several(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield reading the owner's row in the states that one policy reads, two or three at once.

    Only where they may be enough, whoever the caller is, and no single state shows the row to
    somebody who has nothing to do with it: others may come through by another policy, and hide that
    this one shows nothing.
    """
    shown = _shown(plan, knocker, cells)
    if shown is None or any(len(states_of(rows)) < 2 for rows in shown):
        return
    states = dict(plan.variants())
    for policy in plan.relation.policies:
        if not policy.binds(knocker.persona.role):
            continue
        for _, names in open_conditions(plan.relation, policy):
            mine = [state for state in states if state.partition("=")[0] in names]
            sets = (
                some
                for size in range(2, _MOST_TOGETHER + 1)
                for some in combinations(mine, size)
                if len({state.partition("=")[0] for state in some}) == size
            )
            for some in islice(sets, _MOST):
                yield from _reading(plan, knocker, states, some)


def on_top(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield each further state on top of several that only together show a row."""
    shown = _shown(plan, knocker, cells)
    if not shown or any(len(states_of(rows)) < 2 for rows in shown):
        return
    states = dict(plan.variants())
    smallest = min(len(states_of(rows)) for rows in shown)
    for some in [states_of(rows) for rows in shown if len(states_of(rows)) == smallest]:
        columns = columns_of(", ".join(some))
        for state in states:
            if not columns & columns_of(state) and set(some) <= states.keys():
                yield from _reading(plan, knocker, states, (*some, state))


def _shown(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> set[str] | None:
    """Return in which states an outsider reads the owner's row; None for whoever is none."""
    row = plan.targets.get(OWNER)
    if row is None or knocker.actor not in (None, OTHER, NEWCOMER) or knocker.only is not None:
        return None
    if knocker.persona.role in plan.catalog.above_rls or plan.slot is not None:
        return None
    base = plan.row_class(knocker, OWNER)
    return {
        cell.rows
        for cell in cells
        if (cell.persona, cell.command, cell.verdict) == (knocker.name, "select", Verdict.ALLOWED)
        and cell.rows.partition(" [")[0] == base
    }


def _reading(
    plan: Plan, knocker: Knocker, states: dict[str, str], some: Sequence[str]
) -> Iterator[Probe]:
    row = plan.in_state(plan.targets[OWNER], *some)
    rows = f"{plan.row_class(knocker, OWNER)} [{', '.join(some)}]"
    preparation = "; ".join(states[state] for state in some)
    for probe in selects(plan, knocker, [(rows, row, preparation)]):
        if probe.rows == rows:
            yield probe
