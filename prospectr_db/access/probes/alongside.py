"""Columns that can be changed only while a row's state is: whoever ships, and whose it is then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from prospectr_db.access.matrix.matrix import TOGETHER, Cell
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.crossings import is_of_two, made_between
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.update import new_values
from prospectr_db.access.rows.inhabitants import NEWCOMER, OTHER, VICTIM, Row
from prospectr_db.access.writing.statements import update
from prospectr_db.access.writing.values import naming
from prospectr_db.database.catalog import Column

__all__ = ["alongside"]


def alongside(plan: Plan, knocker: Knocker, cells: Iterable[Cell]) -> Iterator[Probe]:
    """Yield changing each column together with a state, of rows that can be changed in no other.

    A policy whose check asks for the new state refuses each column by itself: approved, and written
    anew, or somebody else's. As whoever brings the row from one state into another.
    """
    if knocker.brief or plan.slot is not None or knocker.persona.role in plan.catalog.above_rls:
        return
    got: dict[str, set[str]] = {}
    for cell in cells:
        if (cell.persona, cell.command, cell.form) == (knocker.name, "update", "where"):
            there = got.setdefault(cell.rows, set())
            if cell.column and cell.succeeds:
                there.add(cell.column)
    role = knocker.persona.role
    granted = plan.relation.updatable(role)
    for rows, row, preparation in _places(plan, knocker, got):
        moves = sorted(got[rows])
        column, _, shown = moves[0].partition("=")
        value = next((v for v in plan.owner.states.get(column, ()) if v and _is(v, shown)), None)
        changed = {move.partition("=")[0] for move in moves}
        if value is not None and changed == {column}:
            for other in granted:
                if other.name != column:
                    yield _both(plan, knocker, (rows, row, preparation), (column, value), other)


def _places(
    plan: Plan, knocker: Knocker, got: dict[str, set[str]]
) -> Iterator[tuple[str, Row, str | None]]:
    """Yield the rows of which states alone could be changed: without a state, or else in one.

    Of rows between two users, too, each made just before: a seller accepts a buyer's offer.
    """
    for key, row in plan.targets.items():
        base = plan.row_class(knocker, key)
        if got.get(base):
            there: dict[str, str | None] = {"": None}
        elif any(moves for rows, moves in got.items() if rows.startswith(f"{base} [")):
            there = {f" [{name}]": made for name, made in plan.variants(row, knocker=knocker)}
        else:
            continue
        yield from _in(plan, base, row, there, got)
    for (oid, base), row in plan.world.crossings.items():
        if oid == plan.relation.oid and is_of_two(plan, base):
            made = made_between(plan.relation, row)
            states = {f" [{name}]": f"{made}; {change}" for name, change in plan.own_states(row)}
            yield from _in(plan, base, row, {"": made} if got.get(base) else states, got)


def _in(
    plan: Plan,
    base: str,
    row: Row,
    there: Mapping[str, str | None],
    got: Mapping[str, Collection[str]],
) -> Iterator[tuple[str, Row, str | None]]:
    for state, made in there.items():
        rows = f"{base}{state}"
        if got.get(rows) and all("=" in move for move in got[rows]):
            yield rows, plan.in_state(row, state[2:-1]), made


def _is(value: str, shown: str) -> bool:
    """Whether a state's value is what was shown of it: of a time, its day."""
    return value == shown or value.partition(" ")[0] == shown


def _both(
    plan: Plan,
    knocker: Knocker,
    place: tuple[str, Row, str | None],
    move: tuple[str, str],
    other: Column,
) -> Probe:
    rows, row, preparation = place
    column, value = move
    new = _new_value(plan, knocker, row, other)
    text = update(plan.relation, {column: value, other.name: new}, plan.where(row))
    asked: str | None = plan.changed() if preparation else plan.changed(other.name)
    if (plan.relation.oid, rows.partition(" [")[0]) in plan.world.crossings:
        asked = None  # nobody knew the row before
    shown = TOGETHER.join((other.name, column))
    return Probe(row.label, rows, "update", "where", shown, text, preparation, asked)


def _new_value(plan: Plan, knocker: Knocker, row: Row, column: Column) -> str | None:
    """Return what a column becomes; where it holds a user, one whom the row does not name yet."""
    if column.name in plan.owner.users:
        for key in (VICTIM, OTHER, NEWCOMER):
            user = plan.world.actors[key]
            if naming(column, user.id) not in row.values.values():
                return naming(column, user.id)
    return next(new_values(plan, knocker, column))
