"""Policies that nothing of the world needs: what was tried would not show that one goes.

Of most policies the commands that got through tell enough: nobody else could have let them in.
Where several speak about a command, each is left out for a moment, and what got through is tried
again. One for all commands is asked for each as if it were four. One that restricts is asked
whether it keeps anybody out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from prospectr_db.access.matrix.row_classes import state_name
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.spelling import stated
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import run
from prospectr_db.access.probes.ways import Ways
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.access.tables.redundant import (
    Arrival,
    by_command,
    commands_of,
    implies,
    is_needed,
)
from prospectr_db.access.writing.statements import as_row
from prospectr_db.database.catalog import PRIVILEGES, Policy, Relation

__all__ = ["Doubt", "holding_for_nobody", "is_nobodys", "unseen_policies"]

_NOBODYS = ("false", "false false")
_MOST_ROWS = 16


Rows = Iterable[tuple[Mapping[str, str | None], str | None]]
"""Rows by their columns as text, each with what must be done before it is as it is told."""


@dataclass(slots=True)
class Doubt:
    """A policy, or its part for a command, of which it is not known if anybody came through it.

    ``rows`` are those of the world that a user can be asked about. ``through`` are the users who
    got through by a command that it is about; of a policy that restricts it is asked whether it
    keeps anybody out.
    """

    relation: Relation
    policy: Policy
    rows: Callable[[Knocker], Rows]
    through: set[str] = field(default_factory=set)


def unseen_policies(
    observation: Observation,
    plans: Mapping[int, Plan],
    personas: Sequence[Knocker],
    arrivals: Mapping[int, Sequence[Arrival]],
    ways: Ways,
) -> dict[int, tuple[str, ...]]:
    """Return, by relation, the policies that nothing has shown, as the contract holds them."""
    people = [k for k in personas if k.persona.role not in observation.catalog.above_rls]
    found: list[Doubt] = []
    asked: list[Doubt] = []
    for oid, plan in plans.items():
        for doubt in _doubts(plan, people, arrivals[oid], ways) if plan.relation.rls else ():
            policy = doubt.policy
            if not policy.permissive:
                asked.append(doubt)
            elif doubt.through and is_needed(observation, plan, policy, arrivals[oid]):
                if policy.command == "update":
                    asked.append(doubt)  # it may be needed for new rows, and open none that is
            elif not doubt.through or not implies(observation, plan.relation, policy):
                found.append(doubt)
    found += holding_for_nobody(observation, people, asked)
    roles = {knocker.persona.role for knocker in people}
    return {
        oid: tuple(
            sorted(
                stated(plan.relation, policy, observation.helpers)
                for policy in _put_together(
                    plan, roles, [doubt.policy for doubt in found if doubt.relation.oid == oid]
                )
            )
        )
        for oid, plan in plans.items()
    }


def _put_together(plan: Plan, roles: Collection[str], parts: Sequence[Policy]) -> Iterator[Policy]:
    """Yield whole policies where all is unseen, else what they say of granted commands."""
    relation = plan.relation
    for whole in relation.policies:
        mine = [part for part in parts if part.oid == whole.oid]
        if len(mine) == len(commands_of(whole)) or not (mine and whole.permissive):
            yield from [whole] if mine else []
            continue
        bound = [role for role in roles if plan.catalog.binds(whole, role)]
        for part in mine:
            if any(relation.holds_any(role, PRIVILEGES[part.command]) for role in bound):
                yield part


def _doubts(
    plan: Plan, people: Sequence[Knocker], arrivals: Sequence[Arrival], ways: Ways
) -> Iterator[Doubt]:
    """Yield the policies that what got through does not prove by itself."""
    through: dict[str, set[tuple[str, str]]] = {}
    for arrival in arrivals:
        who = arrival.knocker
        through.setdefault(arrival.probe.command, set()).add((who.name, who.persona.role))
    roles = {knocker.persona.role for knocker in people}
    rows = partial(_rows, plan, ways)
    for policy in plan.relation.policies:
        if not any(plan.catalog.binds(policy, role) for role in roles) or is_nobodys(policy):
            continue
        if not policy.permissive:
            yield Doubt(plan.relation, policy, rows)
            continue
        for part in by_command(policy):
            command = part.command
            got = {w for w in through.get(command, ()) if plan.catalog.binds(policy, w[1])}
            rivals = [
                other
                for other in plan.relation.policies
                if other.permissive and other.oid != policy.oid and command in commands_of(other)
            ]
            alone = any(not any(plan.catalog.binds(o, role) for o in rivals) for _, role in got)
            if not alone and not is_nobodys(part) and _opens(part, rivals):
                rows = partial(_rows, plan, ways)
                yield Doubt(plan.relation, part, rows, {name for name, _ in got})


def _opens(policy: Policy, rivals: Sequence[Policy]) -> bool:
    """Whether a policy of one command lets anybody in: it has a condition on what is asked for.

    The check of an UPDATE is asked of rows that it, or one of its rivals, lets somebody change.
    """
    if policy.command == "insert":
        return policy.check is not None
    return policy.using is not None or (
        policy.check is not None and any(rival.using is not None for rival in rivals)
    )


def is_nobodys(policy: Policy) -> bool:
    """Whether a policy says itself that no user comes through it."""
    return policy.text in _NOBODYS or "service_role" in policy.text


def holding_for_nobody(
    observation: Observation,
    people: Sequence[Knocker],
    doubts: Sequence[Doubt],
    *,
    most: int = _MOST_ROWS,
) -> Sequence[Doubt]:
    """Return the doubts that stay: policies whose condition holds for no row and no user.

    As many rows as ``most`` says are asked about, user by user, until nothing is in doubt any more:
    most policies hold for the first.
    """
    for knocker in people:
        asked = [
            (doubt, probe)
            for doubt in doubts
            if observation.catalog.binds(doubt.policy, knocker.persona.role)
            and (not doubt.through or knocker.name in doubt.through)
            for probe in _questions(doubt, knocker, most)
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


def _questions(doubt: Doubt, knocker: Knocker, most: int) -> Iterator[Probe]:
    """Yield a query that has a row where a condition holds for one of the world's rows.

    Of a policy that restricts: where it does not.
    """
    policy = doubt.policy
    conditions = {_condition(policy, command) for command in commands_of(policy)}
    rows = list(itertools.islice(doubt.rows(knocker), most))
    for condition in sorted(conditions - {""}):
        held = "".join(("(", condition, ")", "" if policy.permissive else " is not true"))
        for row, preparation in rows:
            text = " ".join(("select 1 from", as_row(doubt.relation, row), "where", held))
            yield Probe(None, "", "call", "holds", None, text, preparation)


def _condition(policy: Policy, command: str) -> str:
    """Return what a row must fulfil: a new one the check, where there is one of its own."""
    first, second = policy.using, policy.check
    if command == "insert":
        first, second = second, first
    return first or second or ""


def _rows(plan: Plan, ways: Ways, knocker: Knocker) -> Rows:
    """Yield the world's rows, and the owner's in each state; the user's own first.

    Before all others the owner's in the states that open it to the user only together.
    """
    yield from ways.rows(plan, knocker)
    mine = plan.world.rows.get((plan.source.oid, knocker.actor or ""))
    if mine is not None:
        yield mine.values, None
        if plan.ways_of(knocker.actor):
            yield from _in_states(plan, mine, knocker)
    rows = plan.targets
    yield from ((row.values, None) for row in rows.values() if row is not mine)
    if OWNER in rows:
        yield from _in_states(plan, rows[OWNER], knocker)


def _in_states(plan: Plan, row: Row, knocker: Knocker) -> Rows:
    """Yield a row in each of its states, and in each while it names nobody where it need not.

    As the owner asks also in those of his own standing.
    """
    changes = {
        state_name(name, value): values
        for (oid, name, value), values in plan.world.states.items()
        if oid == plan.relation.oid
    }
    states = dict(plan.variants(row, knocker=knocker))
    for name, preparation in states.items():
        yield {**row.values, **changes.get(name, {})}, preparation
    for missing in (state_name(name, None) for name in plan.owner.missing):
        for name in states if missing in states else ():
            values = {**row.values, **changes.get(name, {}), **changes.get(missing, {})}
            yield values, f"{states[name]}; {states[missing]}"
