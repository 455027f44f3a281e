"""Policies that are not needed: nothing that got through would end otherwise without them.

Some let in only who is let in anyway, as their conditions say. Of the others it is so in this world
alone: whoever comes through comes through a second one, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from prospectr_db.access.matrix.matrix import Cell
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.parts import CONDITIONS, is_made_up_for
from prospectr_db.access.policies.spelling import stated
from prospectr_db.access.probes.judging import judge_probe
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.tables.summing_up import policy_text
from prospectr_db.database.catalog import Policy, Relation, quote_identifier

__all__ = ["Arrival", "by_command", "commands_of", "implies", "is_needed", "is_through"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A statement that got through, of a user whom policies bind, and how it ended."""

    knocker: Knocker
    probe: Probe
    outcome: Outcome


def commands_of(policy: Policy) -> tuple[str, ...]:
    """Return the commands that a policy is about."""
    return tuple(CONDITIONS) if policy.command == "all" else (policy.command,)


def by_command(policy: Policy) -> Iterator[Policy]:
    """Yield what a policy says of each command, as policies: FOR ALL is four of them."""
    if policy.command != "all":
        yield policy
        return
    for command, parts in CONDITIONS.items():
        using = policy.using if "using" in parts else None
        check = (policy.check or policy.using) if parts == ("check",) else policy.check
        text = " ".join(part for part in (using, check if "check" in parts else None) if part)
        yield replace(
            policy,
            command=command,
            using=using,
            check=check if "check" in parts else None,
            said=None if policy.said is None or text == policy.said else text,
        )


def is_through(cell: Cell) -> bool:
    """Whether a statement reached a row; that a column may be named says nothing of rows."""
    if cell.command == "select" and cell.form == "column":
        return False
    return cell.succeeds


def is_needed(
    observation: Observation, plan: Plan, policy: Policy, arrivals: Sequence[Arrival]
) -> bool:
    """Whether something that got through does not any more without a policy of one command.

    Where that is a part of one for all of them, the others stay. One statement for each kind of row
    first: most policies are needed for one of them.
    """
    mine = [
        arrival
        for arrival in arrivals
        if arrival.probe.command == policy.command
        and plan.catalog.binds(policy, arrival.knocker.persona.role)
    ]
    first = {(a.knocker.name, a.probe.command, a.probe.rows): a for a in reversed(mine)}
    heads = set(map(id, first.values()))
    connection = observation.connection
    connection.execute("savepoint prospectr_needed")
    try:
        name = quote_identifier(policy.name)
        connection.execute(" ".join(("drop policy", name, "on", plan.relation.sql_name)))
        for part in _other_parts(plan.relation, policy):
            connection.execute(policy_text(plan.relation, part).encode())
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


def _other_parts(relation: Relation, policy: Policy) -> Iterator[Policy]:
    """Yield what a policy for all commands says of the others, under names of their own."""
    whole = next(one for one in relation.policies if one.oid == policy.oid)
    for part in by_command(whole):
        if part.command != policy.command:
            yield replace(part, name=f"prospectr {part.command}")


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
    """Whether other policies let in whomever this one does, as they say it."""
    said = [
        stated(relation, part, observation.helpers)
        for other in relation.policies
        if other.permissive and other.oid != policy.oid
        for part in by_command(other)
    ]
    return is_made_up_for(stated(relation, policy, observation.helpers), said)
