"""What somebody puts his own id to: who approves, and with which state; whose a task becomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.matrix import SIGN, WITH, Cell, Verdict
from prospectr_db.access.matrix.row_classes import state_name
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.access.writing.statements import equals, update
from prospectr_db.access.writing.values import is_list, naming

if TYPE_CHECKING:
    from prospectr_db.access.personas.knocks import Knocker, Probe
    from prospectr_db.access.probes.probes import Plan


__all__ = ["blind_signings", "signings", "unsigned"]

_MOST = 80
"""Statements per persona, column and kind of row."""

Place = tuple[str, Row, str]
"""A row class, its row, and the statements that make it so."""


def signings(plan: Plan, knocker: Knocker, _: Iterable[Cell]) -> Iterator[Probe]:
    """Yield putting oneself into such a column together with a state, from each state."""
    yield from _signings(plan, knocker, alone=False)


def blind_signings(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield the same without WHERE, of a row that is the only one, where it did not get through.

    Whoever cannot read a row cannot name it, but no policy about SELECT is asked then.
    """
    kept_out = (Verdict.FILTERED, Verdict.REJECTED)
    left = {(c.rows, c.column) for c in cells if c.command == SIGN and c.verdict in kept_out}
    for probe in _signings(plan, knocker, alone=True) if left else ():
        if (probe.rows, probe.column) in left:
            yield probe


def _signings(plan: Plan, knocker: Knocker, *, alone: bool) -> Iterator[Probe]:
    brief = knocker.brief and knocker.actor not in plan.world.affiliates
    if knocker.actor is None or brief or plan.slot is not None or not plan.owner.signing:
        return
    if knocker.persona.role in plan.catalog.above_rls:
        return
    granted = {column.name for column in plan.relation.updatable(knocker.persona.role)}
    moves = [
        (name, value)
        for name, values in plan.owner.states.items()
        for value in values
        if name in granted and name not in plan.owner.users and value is not None
    ]
    for column in plan.owner.signing if moves else ():
        mine = _own_id(plan, knocker.actor, column) if column in granted else None
        if mine is not None:
            for target in _targets(plan, knocker, column):
                found = _from_each(plan, target, (column, mine), moves, alone=alone)
                yield from islice(found, _MOST)


def _own_id(plan: Plan, actor: str, column: str) -> str | None:
    """Return how a column names a user; None where it cannot."""
    if column in plan.owner.listing:
        return plan.listed(column, actor) if column in plan.ways_of(actor) else None
    found = plan.relation.by_name[column]
    return None if is_list(found) else naming(found, plan.world.actors[actor].id)


def _targets(plan: Plan, knocker: Knocker, column: str) -> Iterator[Place]:
    """Yield the owner's row, one that is nobody's, and, for whoever has power, one of his own."""
    for key in (OWNER, "orphan"):
        if key in plan.targets:
            yield plan.row_class(knocker, key), plan.targets[key], ""
    if OWNER in plan.targets and plan.world.is_colleague(knocker.actor):
        row, actor = plan.targets[OWNER], plan.world.actors[knocker.actor or ""]
        names = [n for n in plan.owner.deciding if n != column and n not in plan.owner.listing]
        unique = {name for one in plan.relation.uniques for name in one.columns}
        if names and not unique & set(names):
            his = {name: naming(plan.relation.by_name[name], actor.id) for name in names}
            yield "own", row, update(plan.relation, his, plan.where(row))


def _from_each(
    plan: Plan,
    target: Place,
    signed: tuple[str, str],
    moves: list[tuple[str, str]],
    *,
    alone: bool,
) -> Iterator[Probe]:
    """Yield the statements on one row: as it is and in each state, signed by another and by none.

    What the row is brought to is told with the column; from where, in brackets.
    """
    from prospectr_db.access.personas.knocks import Probe

    base, row, made = target
    column, mine = signed
    missing = state_name(column, None)
    step = _emptied(plan, row, column) if column in plan.owner.missing else None
    empty = {missing: step} if step else {}
    for state, step in {"": "", **dict(plan.own_states(row))}.items():
        name = state.partition("=")[0]
        for none, emptied in {"": "", **empty}.items():
            if state == missing or (base == "own" and not none and column in plan.owner.missing):
                continue
            states = ", ".join(part for part in (none, state) if part)
            rows = f"{base} [{states}]" if states else base
            before = plan.alone(row) if alone else ""
            steps = "; ".join(part for part in (before, made, emptied, step) if part) or None
            found = plan.in_state(row, state) if state else row
            where = "" if alone else plan.where(found)
            for changed, value in moves:
                if name in ("", changed):
                    text = update(plan.relation, {changed: value, column: mine}, where)
                    shown = f"{column}{WITH}{plan.shown(plan.relation.by_name[changed], value)}"
                    yield Probe(
                        row.label, rows, "update", SIGN, shown, text, steps, plan.changed(), value
                    )


def unsigned(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield changing each column of a row that names nobody, where it can be changed only then.

    And from each of its states into each other: of the row without its user nothing else tells.
    """
    from prospectr_db.access.personas.knocks import Probe
    from prospectr_db.access.probes.update import new_values

    row = plan.targets.get(OWNER)
    if row is None or knocker.brief or plan.slot is not None or not plan.owner.missing:
        return
    mine = {
        cell.rows
        for cell in cells
        if (cell.persona, cell.command) == (knocker.name, "update") and cell.succeeds
    }
    base = plan.row_class(knocker, OWNER)
    columns = plan.relation.updatable(knocker.persona.role)
    for name in plan.owner.missing if base not in mine else ():
        missing, made = state_name(name, None), _emptied(plan, row, name)
        rows = f"{base} [{missing}]"
        if rows not in mine or made is None:
            continue
        states = {state: step for state, step in plan.own_states(row) if state != missing}
        for state, step in {"": None, **states}.items():
            place = f"{base} [{missing}, {state}]" if state else rows
            steps = f"{made}; {step}" if step else made
            for column in columns:
                if column.name == name or (state and state.partition("=")[0] != column.name):
                    continue
                for value in new_values(plan, knocker, column):
                    text = update(plan.relation, {column.name: value}, plan.where(row))
                    shown, asked = plan.shown(column, value), plan.changed()
                    if shown != state:
                        yield Probe(
                            row.label, place, "update", "where", shown, text, steps, asked, value
                        )


def _emptied(plan: Plan, row: Row, column: str) -> str | None:
    """Return what makes a row name nobody in a column; None where it could not be found again."""
    names = plan.relation.primary_key or plan.source.primary_key
    keys = {name: row.values[name] for name in names}
    return update(plan.relation, {column: None}, equals(plan.relation, keys)) if names else None
