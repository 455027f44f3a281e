"""How probes are run as a persona, each undone, and what the server said to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg.types.json import Json

from prospectr_db.access.impersonation import become
from prospectr_db.access.knocks import Probe
from prospectr_db.access.personas import Persona

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["Outcome", "run"]

# As JSON, which is written and read several times as fast as an array of texts.
_OBSERVE = (
    "select state, message, relation, constraint_name, context, touched, labels, output"
    " from prospectr_access.observe("
    "array(select json_array_elements_text(%s)), array(select json_array_elements_text(%s)),"
    " array(select json_array_elements_text(%s)), %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the server said to one statement."""

    state: str | None
    message: str | None
    relation: str | None
    constraint: str | None
    context: str | None
    touched: int
    labels: tuple[str, ...]
    output: tuple[str, ...] = ()

    @property
    def from_function(self) -> bool:
        """Whether a function raised it: a trigger, or a helper that a policy calls."""
        lines = (self.context or "").splitlines()
        calls = [line for line in lines if line.startswith(("PL/pgSQL function", "SQL function"))]
        return any("prospectr_access.observe(" not in line for line in calls)


def run(
    observation: Observation,
    persona: Persona,
    probes: Sequence[Probe],
    *,
    listening: bool = False,
) -> list[Outcome]:
    """Run probes as a persona, each undone; one round trip. Listening keeps what queries answer."""
    if not probes:
        return []
    connection = observation.connection
    observation.probes += len(probes)
    connection.execute("savepoint prospectr_run")
    try:
        connection.execute(become(persona))
        rows = connection.execute(
            _OBSERVE,
            (
                Json([probe.statement for probe in probes]),
                Json([probe.preparation for probe in probes]),
                Json([probe.question for probe in probes]),
                observation.settle,
                listening,
            ),
        ).fetchall()
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.UNKNOWN:
            connection.execute(
                "rollback to savepoint prospectr_run; release savepoint prospectr_run"
            )
    return [
        Outcome(
            state,
            message,
            relation,
            constraint,
            context,
            touched,
            tuple(labels or ()),
            tuple(output or ()),
        )
        for state, message, relation, constraint, context, touched, labels, output in rows
    ]
