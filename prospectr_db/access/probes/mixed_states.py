"""Rows that are the owner's by one of several columns, in the states that policies tell apart."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice

from prospectr_db.access.matrix.row_classes import NOBODY
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.rows import deletes, selects
from prospectr_db.access.probes.update import updates
from prospectr_db.access.rows.inhabitants import Row

__all__ = ["in_states"]

_MOST = 40
"""States of each such row: a table of many enums has hundreds."""


def in_states(plan: Plan, knocker: Knocker, commands: Collection[str]) -> Iterator[Probe]:
    """Yield the statements of some commands on such rows in each state.

    As whom they belong to in part: an approver is not who asked, and may approve only what is
    pending. Everybody else meets them as he meets the owner's.
    """
    if knocker.brief or plan.relation.is_partition or not commands:
        return
    targets: list[tuple[str, Row, str | None]] = []
    for key, row in plan.targets_of(knocker).items():
        rows = plan.row_class(knocker, key)
        if rows.startswith("as "):
            every = plan.variants(row, knocker=knocker)
            told = ((name, made) for name, made in every if not _is_missing(plan, name))
            for name, made in islice(told, _MOST):
                targets.append((f"{rows} [{name}]", plan.in_state(row, name), made))
    if not targets:
        return
    wanted = {rows for rows, _, _ in targets}
    for probe in (
        *selects(plan, knocker, targets),
        *updates(plan, knocker, targets),
        *deletes(plan, knocker, targets),
    ):
        if probe.rows in wanted and probe.command in commands:
            yield probe


def _is_missing(plan: Plan, state: str) -> bool:
    """Whether a state is that a row names nobody in a column: then it is its other users' alone."""
    return state.endswith(NOBODY) and state.removesuffix(NOBODY) in plan.owner.missing
