"""Rows in two states at once, where one of them let in; and new rows under a parent in a state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import permutations

from prospectr_db.access.matrix.matrix import Cell
from prospectr_db.access.matrix.row_classes import columns_of
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.between import inserts_between, states_between
from prospectr_db.access.probes.crossings import unnamed_crossings
from prospectr_db.access.probes.insert import inserts_with_states
from prospectr_db.access.probes.inserts_below import inserts_among, inserts_below
from prospectr_db.access.probes.mixed_states import in_states
from prospectr_db.access.probes.openings import openings
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.rows import deletes, selects
from prospectr_db.access.probes.update import updates
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.database.catalog import Policy

__all__ = ["combined"]

_COMMANDS = ("select", "update", "delete")
_MOST = 40
"""Pairs per persona and relation: a table of many enums has hundreds."""


def combined(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield statements on rows in two states, of those that single states ask for.

    Where a state lets a persona in who is kept out otherwise, every other state is tried on top of
    it. A new row is tried under its parent in each state that policies ask for.
    """
    if knocker.only is not None and plan.source.oid not in knocker.only:
        return
    mine = {
        (cell.rows, cell.command)
        for cell in cells
        if cell.persona == knocker.name and cell.succeeds
    }
    yield from _new_rows(plan, knocker, mine)
    yield from in_states(plan, knocker, [c for c in _COMMANDS if _opening(plan, knocker, c)])
    yield from states_between(plan, knocker, mine)
    row = plan.targets.get(OWNER)
    states = dict(plan.variants(knocker=knocker)) if row else {}
    if not knocker.brief:
        opened = [c for c in ("update", "delete") if _opening(plan, knocker, c)]
        yield from openings(plan, knocker, states, mine, opened)
        yield from unnamed_crossings(plan, knocker, mine, opened)
    if row is None or len(frozenset().union(*map(columns_of, states))) < 2:
        return
    base = plan.row_class(knocker, OWNER)
    wanted: dict[str, list[tuple[str, str]]] = {}
    for command in _COMMANDS:
        if (base, command) in mine:
            continue
        opening = [name for name in states if (f"{base} [{name}]", command) in mine]
        wanted[command] = [
            (one, other)
            for one, other in permutations(states, 2)
            if one in opening and not columns_of(one) & columns_of(other)
        ][:_MOST]
    for pair in dict.fromkeys(pair for pairs in wanted.values() for pair in pairs):
        rows = f"{base} [{pair[0]}, {pair[1]}]"
        targets: list[tuple[str, Row, str | None]] = [
            (rows, plan.in_state(row, *pair), f"{states[pair[0]]}; {states[pair[1]]}")
        ]
        for probe in (
            *selects(plan, knocker, targets),
            *updates(plan, knocker, targets),
            *deletes(plan, knocker, targets),
        ):
            if probe.rows == rows and pair in wanted.get(probe.command, ()):
                yield probe


def _new_rows(plan: Plan, knocker: Knocker, mine: set[tuple[str, str]]) -> Iterator[Probe]:
    """Yield new rows under their parent in each state that policies about new rows read of it."""
    relation, role = plan.relation, knocker.persona.role
    tried = relation.is_table and (plan.slot is not None or not relation.is_partition)
    if not tried or not relation.holds_any(role, "a") or not _opening(plan, knocker, "insert"):
        return
    known = {rows for rows, command in mine if command == "insert"}
    yield from inserts_below(plan, knocker, known)
    yield from inserts_among(plan, knocker)
    if not knocker.brief:
        yield from inserts_with_states(plan, knocker, known)
    yield from inserts_between(plan, knocker, known)


def _opening(plan: Plan, knocker: Knocker, command: str) -> Sequence[Policy]:
    """Return the policies that open a command to this role."""
    return [
        policy
        for policy in plan.relation.policies
        if policy.permissive
        and policy.command in (command, "all")
        and plan.catalog.binds(policy, knocker.persona.role)
        and policy.text not in ("false", "false false")
    ]
