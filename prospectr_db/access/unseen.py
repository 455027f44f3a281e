"""Policies through which nothing of the world came: what was tried would not show that one goes.

Of most policies the commands that got through tell enough: nobody else could have let them in.
Where several speak about a command, each is asked whether it holds for a row of the world and one
of its users; what holds for none is left alone for a moment, and what got through is tried again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from prospectr_db.access.combined import combined
from prospectr_db.access.inhabitants import OWNER
from prospectr_db.access.knocks import Knocker, Probe
from prospectr_db.access.matrix import Cell, Verdict
from prospectr_db.access.observation import Observation
from prospectr_db.access.policy_spelling import stated
from prospectr_db.access.probes import Plan
from prospectr_db.access.running import run
from prospectr_db.access.statements import quote_identifier, typed
from prospectr_db.database.catalog import Policy, Relation

__all__ = ["Doubt", "holding_for_nobody", "is_nobodys", "unseen_policies"]

_COMMANDS = ("select", "insert", "update", "delete")
_NOBODYS = ("false", "false false")
_MOST_ROWS = 12


Rows = Iterable[tuple[Mapping[str, str | None], str | None]]
"""Rows by their columns as text, each with what must be done before it is as it is told."""


@dataclass(slots=True)
class Doubt:
    """A policy of which it is not known yet whether anybody came through it.

    ``rows`` are those of the world that a user can be asked about. ``through`` are the users who
    got through, by command, where that is known; of a policy that restricts it is asked whether
    it keeps anybody out.
    """

    relation: Relation
    policy: Policy
    rows: Callable[[Knocker], Rows]
    through: dict[str, set[str]] = field(default_factory=dict)


def unseen_policies(
    observation: Observation,
    plans: Mapping[int, Plan],
    personas: Sequence[Knocker],
    cells: Mapping[int, Sequence[Cell]],
) -> dict[int, tuple[str, ...]]:
    """Return, by relation, the policies that nothing has shown, as the contract holds them."""
    people = [k for k in personas if k.persona.role not in observation.catalog.above_rls]
    doubts: list[Doubt] = []
    found: list[Doubt] = []
    for oid, plan in plans.items():
        if plan.relation.rls:
            for doubt in _doubts(plan, people, cells[oid]):
                open_ones = doubt.through or not doubt.policy.permissive
                (doubts if open_ones else found).append(doubt)
    for doubt in holding_for_nobody(observation, people, doubts):
        plan = plans[doubt.relation.oid]
        if not _is_seen_alone(observation, plan, people, cells[doubt.relation.oid], doubt):
            found.append(doubt)
    return {
        oid: tuple(
            sorted(
                stated(doubt.relation, doubt.policy, observation.helpers)
                for doubt in found
                if doubt.relation.oid == oid
            )
        )
        for oid in plans
    }


def _doubts(plan: Plan, people: Sequence[Knocker], cells: Sequence[Cell]) -> Iterator[Doubt]:
    """Yield the policies that what got through does not prove by itself."""
    role_of = {knocker.name: knocker.persona.role for knocker in people}
    through: dict[str, set[str]] = {command: set() for command in _COMMANDS}
    for cell in cells:
        if _is_through(cell) and cell.command in through and cell.persona in role_of:
            through[cell.command].add(cell.persona)
    roles = set(role_of.values())
    for policy in plan.relation.policies:
        if not any(plan.catalog.binds(policy, role) for role in roles) or is_nobodys(policy):
            continue
        if not policy.permissive:
            yield Doubt(plan.relation, policy, partial(_rows, plan))
            continue
        mine: dict[str, set[str]] = {}
        alone = False
        for command in _commands(policy):
            got = {w for w in through[command] if plan.catalog.binds(policy, role_of[w])}
            rivals = [
                other
                for other in plan.relation.policies
                if other.permissive and other.oid != policy.oid and command in _commands(other)
            ]
            if got:
                mine[command] = got
                alone |= any(
                    not any(plan.catalog.binds(other, role_of[who]) for other in rivals)
                    for who in got
                )
        if not alone:
            yield Doubt(plan.relation, policy, partial(_rows, plan), mine)


def _is_through(cell: Cell) -> bool:
    """Whether a statement reached a row; that a column may be named says nothing of rows."""
    if cell.command == "select" and cell.form == "column":
        return False
    return cell.verdict is Verdict.ALLOWED or cell.passed


def is_nobodys(policy: Policy) -> bool:
    """Whether a policy says itself that no user comes through it."""
    return policy.text in _NOBODYS or "service_role" in policy.text


def _commands(policy: Policy) -> tuple[str, ...]:
    return _COMMANDS if policy.command == "all" else (policy.command,)


def holding_for_nobody(
    observation: Observation, people: Sequence[Knocker], doubts: Sequence[Doubt]
) -> Sequence[Doubt]:
    """Return the doubts that stay: policies whose condition holds for no row and no user.

    User by user, until nothing is in doubt any more: most hold for the first.
    """
    for knocker in people:
        asked = [
            (doubt, probe)
            for doubt in doubts
            if observation.catalog.binds(doubt.policy, knocker.persona.role)
            and (not doubt.through or knocker.name in set().union(*doubt.through.values()))
            for probe in _questions(doubt, knocker)
        ]
        outcomes = run(observation, knocker.persona, [probe for _, probe in asked])
        shown = {
            id(doubt)
            for (doubt, _), outcome in zip(asked, outcomes, strict=True)
            if outcome.state is None and outcome.touched > 0
        }
        doubts = [doubt for doubt in doubts if id(doubt) not in shown]
        if not doubts:
            break
    return doubts


def _questions(doubt: Doubt, knocker: Knocker) -> Iterator[Probe]:
    """Yield a query that has a row where a condition holds for one of the world's rows.

    Of a policy that restricts: where it does not.
    """
    policy = doubt.policy
    conditions = {_condition(policy, command) for command in doubt.through or _commands(policy)}
    rows = list(itertools.islice(doubt.rows(knocker), _MOST_ROWS))
    for condition in sorted(conditions - {""}):
        held = "".join(("(", condition, ")", "" if policy.permissive else " is not true"))
        for row, preparation in rows:
            text = " ".join(("select 1 from", _as_row(doubt.relation, row), "where", held))
            yield Probe(None, "", "select", "holds", None, text, preparation)


def _condition(policy: Policy, command: str) -> str:
    """Return what a row must fulfil: a new one the check, where there is one of its own."""
    first, second = policy.using, policy.check
    if command == "insert":
        first, second = second, first
    return first or second or ""


def _rows(plan: Plan, knocker: Knocker) -> Rows:
    """Yield the world's rows, and the owner's in each state; the user's own first."""
    mine = plan.world.rows.get((plan.source.oid, knocker.actor or ""))
    if mine is not None:
        yield mine.values, None
    rows = plan.targets
    yield from ((row.values, None) for row in rows.values() if row is not mine)
    if OWNER in rows:
        changes = {
            f"{name}={'null' if value is None else value.split(' ')[0]}": values
            for (oid, name, value), values in plan.world.states.items()
            if oid == plan.relation.oid
        }
        for name, preparation in plan.variants():
            yield {**rows[OWNER].values, **changes.get(name, {})}, preparation


def _as_row(relation: Relation, values: Mapping[str, str | None]) -> str:
    """Return a row of a table as a sub-select under the table's own name."""
    columns = ", ".join(
        " as ".join((typed(relation, c.name, values.get(c.name)), quote_identifier(c.name)))
        for c in relation.columns
    )
    return "".join(("(select ", columns, ") as ", quote_identifier(relation.name)))


def _is_seen_alone(
    observation: Observation,
    plan: Plan,
    people: Collection[Knocker],
    cells: Sequence[Cell],
    doubt: Doubt,
) -> bool:
    """Whether something that got through still does with no other policy to let it in."""
    relation = doubt.relation
    connection = observation.connection
    if not doubt.policy.permissive:
        return False
    for command, names in doubt.through.items():
        others = [
            other
            for other in relation.policies
            if other.permissive and other.oid != doubt.policy.oid and command in _commands(other)
        ]
        connection.execute("savepoint prospectr_unseen")
        try:
            for other in others:
                name = quote_identifier(other.name)
                connection.execute(" ".join(("drop policy", name, "on", relation.sql_name)))
            for knocker in people:
                if knocker.name not in names:
                    continue
                probes = _again(plan, knocker, command, cells)
                for outcome in run(observation, knocker.persona, probes):
                    if outcome.state is None and outcome.touched > 0:
                        return True
        finally:
            connection.execute(
                "rollback to savepoint prospectr_unseen; release savepoint prospectr_unseen"
            )
    return False


def _again(plan: Plan, knocker: Knocker, command: str, cells: Sequence[Cell]) -> list[Probe]:
    """Return the statements of a user that got through."""
    passed = {
        (cell.statement, cell.form)
        for cell in cells
        if cell.persona == knocker.name and cell.command == command and _is_through(cell)
    }
    probes = (*plan.probes(knocker), *combined(plan, knocker, cells))
    return [p for p in probes if p.command == command and (p.statement, p.form) in passed]
