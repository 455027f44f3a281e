"""Policies that are not needed: nothing that got through would end otherwise without them.

Some let in only who is let in anyway, as their conditions say. Of the others it is so in this world
alone: whoever comes through comes through a second one, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prospectr_db.access.judging import judge_probe
from prospectr_db.access.knocks import Knocker, Probe
from prospectr_db.access.matrix import Cell, Verdict
from prospectr_db.access.observation import Observation
from prospectr_db.access.policy_spelling import conjuncts, spelt
from prospectr_db.access.probes import Plan
from prospectr_db.access.running import Outcome, run
from prospectr_db.access.statements import quote_identifier
from prospectr_db.database.catalog import Policy, Relation

__all__ = ["Arrival", "commands_of", "implies", "is_needed", "is_through"]

_COMMANDS = ("select", "insert", "update", "delete")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A statement that got through, of a user whom policies bind, and how it ended."""

    knocker: Knocker
    probe: Probe
    outcome: Outcome


def commands_of(policy: Policy) -> tuple[str, ...]:
    """Return the commands that a policy is about."""
    return _COMMANDS if policy.command == "all" else (policy.command,)


def is_through(cell: Cell) -> bool:
    """Whether a statement reached a row; that a column may be named says nothing of rows."""
    if cell.command == "select" and cell.form == "column":
        return False
    return cell.verdict is Verdict.ALLOWED or cell.passed


def is_needed(
    observation: Observation, plan: Plan, policy: Policy, arrivals: Sequence[Arrival]
) -> bool:
    """Whether something that got through does not any more without a policy.

    One statement for each kind of row first: most policies are needed for one of them.
    """
    mine = [
        arrival
        for arrival in arrivals
        if arrival.probe.command in commands_of(policy)
        and plan.catalog.binds(policy, arrival.knocker.persona.role)
    ]
    first = {(a.knocker.name, a.probe.command, a.probe.rows): a for a in reversed(mine)}
    heads = set(map(id, first.values()))
    connection = observation.connection
    connection.execute("savepoint prospectr_needed")
    try:
        name = quote_identifier(policy.name)
        connection.execute(" ".join(("drop policy", name, "on", plan.relation.sql_name)))
        return any(
            _ends_otherwise(observation, plan, some)
            for part in (
                [arrival for arrival in mine if id(arrival) in heads],
                [arrival for arrival in mine if id(arrival) not in heads],
            )
            for some in _by_user(part)
        )
    finally:
        connection.execute(
            "rollback to savepoint prospectr_needed; release savepoint prospectr_needed"
        )


def _by_user(arrivals: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    found: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        found.setdefault(arrival.knocker.name, []).append(arrival)
    yield from found.values()


def _ends_otherwise(observation: Observation, plan: Plan, arrivals: Sequence[Arrival]) -> bool:
    """Whether one of a user's statements ends otherwise now."""
    knocker = arrivals[0].knocker
    outcomes = run(observation, knocker.persona, [arrival.probe for arrival in arrivals])
    for arrival, now in zip(arrivals, outcomes, strict=True):
        then = arrival.outcome
        before, after = (
            [(c.rows, is_through(c)) for c in judge_probe(plan, knocker, arrival.probe, one, then)]
            for one in (then, now)
        )
        if before != after:
            return True
    return False


def implies(observation: Observation, relation: Relation, policy: Policy) -> bool:
    """Whether for each command another policy lets in whomever this one does, as they say it."""
    return all(
        any(
            other.permissive
            and other.oid != policy.oid
            and command in commands_of(other)
            and ({"public"} & set(other.roles) or set(policy.roles) <= set(other.roles))
            and all(
                _conditions(observation, relation, policy, part)
                >= _conditions(observation, relation, other, part)
                for part in _parts(command)
            )
            for other in relation.policies
        )
        for command in commands_of(policy)
    )


def _parts(command: str) -> tuple[str, ...]:
    """Return which conditions a command is held to: those on rows, and those on new ones."""
    if command == "update":
        return "using", "check"
    return ("check" if command == "insert" else "using",)


def _conditions(
    observation: Observation, relation: Relation, policy: Policy, part: str
) -> frozenset[str]:
    """Return what must hold of a row, or of a new one, each by itself."""
    text = policy.using if part == "using" else policy.check or policy.using
    said = observation.helpers.written_out(text or "")[0]
    return conjuncts(spelt(said, relation.name)) - {"", "true"}
