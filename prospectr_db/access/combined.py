"""Rows in two states at once: a second condition shows only where the first one is met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import permutations

from prospectr_db.access.inhabitants import OWNER, Row
from prospectr_db.access.knocks import Knocker, Probe
from prospectr_db.access.matrix import Cell, Verdict
from prospectr_db.access.probes import Plan
from prospectr_db.access.probes_rows import deletes, selects
from prospectr_db.access.probes_update import updates

__all__ = ["combined"]

_COMMANDS = ("select", "update", "delete")
_MOST = 40
"""Pairs per persona and relation: a table of many enums has hundreds."""


def combined(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield statements on rows in two states, of those that single states ask for.

    Where a state lets a persona in who is kept out otherwise, every other state is tried on top of
    it. Where a policy speaks of a command and no single state lets anybody in, all pairs are.
    """
    row = plan.targets.get(OWNER)
    if row is None or (knocker.only is not None and plan.source.oid not in knocker.only):
        return
    states = dict(plan.variants())
    if len({_column(name) for name in states}) < 2:
        return
    known = list(cells)
    mine = {
        (cell.rows, cell.command)
        for cell in known
        if cell.persona == knocker.name and (cell.verdict is Verdict.ALLOWED or cell.passed)
    }
    base = plan.row_class(knocker, OWNER)
    wanted: dict[str, list[tuple[str, str]]] = {}
    for command in _COMMANDS:
        if (base, command) in mine:
            continue
        opening = [name for name in states if (f"{base} [{name}]", command) in mine]
        closed = not opening and _is_closed(plan, knocker, command, known)
        wanted[command] = [
            (one, other)
            for one, other in permutations(states, 2)
            if _column(one) != _column(other) and (one in opening or (closed and one < other))
        ][:_MOST]
    for pair in dict.fromkeys(pair for pairs in wanted.values() for pair in pairs):
        rows = f"{base} [{pair[0]}, {pair[1]}]"
        targets: list[tuple[str, Row, str | None]] = [
            (rows, row, f"{states[pair[0]]}; {states[pair[1]]}")
        ]
        for probe in (
            *selects(plan, knocker, targets),
            *updates(plan, knocker, targets),
            *deletes(plan, knocker, targets),
        ):
            if probe.rows == rows and pair in wanted.get(probe.command, ()):
                yield probe


def _column(state: str) -> str:
    return state.partition("=")[0]


def _is_closed(plan: Plan, knocker: Knocker, command: str, cells: Iterable[Cell]) -> bool:
    """Whether a policy opens a command to this role, and nobody but the backend came through."""
    role = knocker.persona.role
    spoken = any(
        policy.permissive
        and policy.command in (command, "all")
        and policy.binds(role)
        and policy.text not in ("false", "false false")
        for policy in plan.relation.policies
    )
    return spoken and not any(
        cell.command == command
        and (cell.verdict is Verdict.ALLOWED or cell.passed)
        and cell.form != "column"
        and cell.persona != "service_role"
        for cell in cells
    )
