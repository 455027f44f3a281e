"""Ways into rows in a state that keeps out: leaving the state, and statements that name no row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.update import new_values, plain_column
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.access.writing.statements import delete, update
from prospectr_db.database.catalog import Column, quote_identifier

__all__ = ["openings"]


def openings(
    plan: Plan,
    knocker: Knocker,
    states: Mapping[str, str],
    mine: Collection[tuple[str, str]],
    commands: Collection[str],
) -> Iterator[Probe]:
    """Yield statements on the owner's row in each state in which it was not reached.

    ``mine`` are the row classes and commands that got through, ``commands`` those that some policy
    opens. A policy that asks for the state only of the new row lets it be left: what moderators
    removed is published again. And where a row cannot be read, PostgreSQL finds it all the same for
    an UPDATE or DELETE without WHERE (its manual, "CREATE POLICY"). What those did is not seen of a
    row without a key, which is found by its place: that is another in the state.
    """
    keyed = bool(plan.relation.primary_key or plan.source.primary_key)
    row = plan.targets.get(OWNER)
    if row is None or plan.slot is not None or knocker.persona.role in plan.catalog.above_rls:
        return
    base = plan.row_class(knocker, OWNER)
    role = knocker.persona.role
    granted = plan.relation.updatable(role)
    if "update" in commands and granted:
        yield from _moving(plan, knocker, states, mine, granted)
    for name, preparation in states.items():
        rows = f"{base} [{name}]"
        if "update" in commands and granted and keyed and (rows, "update") not in mine:
            yield from _updating(plan, knocker, row, rows, preparation, granted)
        if (
            keyed
            and "delete" in commands
            and (rows, "delete") not in mine
            and plan.relation.holds(role, "d")
        ):
            text = delete(plan.relation)
            yield Probe(row.label, rows, "delete", "no where", None, text, preparation, plan.gone())


def _moving(
    plan: Plan,
    knocker: Knocker,
    states: Mapping[str, str],
    mine: Collection[tuple[str, str]],
    granted: Collection[Column],
) -> Iterator[Probe]:
    """Yield bringing the rows that a user tries from each state into each other.

    Not where the state is as good as none: then what a row may become is told of it without one.
    Somebody else's only where he changes such rows at all, or where a policy asks for one thing
    before and for another afterwards.
    """
    turning = any(
        policy.permissive
        and policy.command in ("update", "all")
        and plan.catalog.binds(policy, knocker.persona.role)
        and None not in (policy.using, policy.check)
        and policy.using != policy.check
        for policy in plan.relation.policies
    )
    changes = any(command == "update" for _, command in mine)
    for key, row in plan.targets_of(knocker).items():
        base = plan.row_class(knocker, key)
        if key != OWNER and not base.startswith("as "):
            continue  # whoever it does not belong to meets it as he meets the owner's
        if base != "own" and not changes and not turning:
            continue
        there = states if key == OWNER else dict(plan.variants(row, knocker=knocker))
        for name, preparation in there.items():
            rows = f"{base} [{name}]"
            if (base, "update") not in mine or (rows, "update") not in mine:
                yield from _leaving(plan, plan.in_state(row, name), rows, preparation, granted)


def _leaving(
    plan: Plan, row: Row, rows: str, preparation: str, granted: Collection[Column]
) -> Iterator[Probe]:
    """Yield giving a state column, in one of its states, each other value."""
    state = rows.partition(" [")[2].rstrip("]")
    for column in granted:
        if state.partition("=")[0] != column.name:
            continue
        for value in plan.owner.states.get(column.name, ()):
            shown = plan.shown(column, value)
            if shown != state and value is not None:
                text = update(plan.relation, {column.name: value}, plan.where(row))
                asked = plan.changed()
                known = row.label, rows, "update", "where", shown, text, preparation, asked, value
                yield Probe(*known, plan.gate("where", row))


def _updating(
    plan: Plan,
    knocker: Knocker,
    row: Row,
    rows: str,
    preparation: str,
    granted: list[Column],
) -> Iterator[Probe]:
    """Yield changing every row there is, of which one is in the state.

    In a column that the state leaves as it was: what brought the row into it is no change of his.
    """
    key = plan.relation.primary_key or plan.source.primary_key
    made = preparation.partition(" where ")[0]
    kept = [c for c in granted if " ".join((quote_identifier(c.name), "=")) not in made]
    if not kept:
        return
    plain = plain_column(plan, kept)
    if plain.name in key:
        return
    value = next(new_values(plan, knocker, plain))
    text, asked = update(plan.relation, {plain.name: value}), plan.changed(plain.name)
    shown = plan.shown(plain, value)
    yield Probe(row.label, rows, "update", "no where", shown, text, preparation, asked, value)
