"""Policies on the platform's tables through which nothing came: what was tried did not fit them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.running import run
from prospectr_db.database.catalog import Policy, Relation, quote_identifier

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["Passed", "untried_policies"]

Passed = Mapping[str, Sequence[tuple[Knocker, Probe]]]
"""The statements that got through as a user or visitor, by SQL command."""


def untried_policies(
    observation: Observation, relation: Relation, passed: Passed
) -> tuple[str, ...]:
    """Return the names of the permissive policies that let nobody in.

    Where several speak about a command, each is left alone for a moment and what got through is
    tried again: permissive policies are joined by OR, so nothing else could.
    """
    found: set[str] = set()
    for command, known in passed.items():
        mine = [p for p in relation.policies if p.permissive and p.command in (command, "all")]
        asked = [p for p in mine if any(p.binds(r) for r in observation.catalog.user_roles)]
        for policy in asked:
            if policy.text in ("false", "false false"):
                continue
            others = [other for other in mine if other.oid != policy.oid]
            if not known or (others and not _alone(observation, relation, others, known)):
                found.add(policy.name)
    return tuple(sorted(found - set(_seen_elsewhere(observation, relation, passed, found))))


def _seen_elsewhere(
    observation: Observation, relation: Relation, passed: Passed, names: set[str]
) -> Iterator[str]:
    """Yield the policies FOR ALL that let somebody in by another command."""
    for policy in relation.policies:
        if policy.name in names and policy.command == "all":
            others = [p for p in relation.policies if p.permissive and p.oid != policy.oid]
            if any(
                known and _alone(observation, relation, others, known) for known in passed.values()
            ):
                yield policy.name


def _alone(
    observation: Observation,
    relation: Relation,
    others: Sequence[Policy],
    known: Sequence[tuple[Knocker, Probe]],
) -> bool:
    """Whether some of the statements still get through without the other policies."""
    connection = observation.connection
    connection.execute("savepoint prospectr_alone")
    try:
        for other in others:
            name = quote_identifier(other.name)
            connection.execute(" ".join(("drop policy", name, "on", relation.sql_name)))
        for knocker in {knocker.name: knocker for knocker, _ in known}.values():
            probes = [probe for who, probe in known if who.name == knocker.name]
            outcomes = run(observation, knocker.persona, probes)
            if any(outcome.state is None and outcome.touched > 0 for outcome in outcomes):
                return True
        return False
    finally:
        connection.execute(
            "rollback to savepoint prospectr_alone; release savepoint prospectr_alone"
        )
