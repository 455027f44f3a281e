"""How probes are run as a persona, each undone, and what the server said to each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg.types.json import Json

from prospectr_db.access.personas.impersonation import become
from prospectr_db.access.personas.knocks import Probe
from prospectr_db.access.personas.personas import Persona

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["Outcome", "run"]

_MOST_CHARACTERS = 1_000_000
_RELATION = re.compile(r'"(?:[^"]|"")+"\."(?:[^"]|"")+"')
# As JSON, which is written and read several times as fast as an array of texts.
_OBSERVE = (
    "select state, message, relation, constraint_name, context, touched, labels, output"
    " from prospectr_access.observe("
    "array(select json_array_elements_text(%s)), array(select json_array_elements_text(%s)),"
    " array(select json_array_elements_text(%s)), array(select json_array_elements_text(%s)),"
    " array(select json_array_elements_text(%s)), %s, %s)"
    " as told (state text, message text, relation text, constraint_name text, context text,"
    " touched bigint, labels text[], output text[])"
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
        return self.raised_in is not None

    @property
    def raised_in(self) -> str | None:
        """Where that was, in the server's words: the function and its line."""
        for line in (self.context or "").splitlines():
            said = line.startswith(("PL/pgSQL function", "SQL function"))
            if said and "prospectr_access.observe(" not in line:
                return line
        return None


def run(
    observation: Observation,
    persona: Persona,
    probes: Sequence[Probe],
    *,
    listening: bool = False,
) -> list[Outcome]:
    """Run probes as a persona, each undone. Listening keeps what queries answer."""
    if not probes:
        return []
    connection = observation.connection
    observation.probes += len(probes)
    order = _alike_together(probes)
    try:
        connection.execute(_entry(observation, persona))
        rows = [
            row
            for part in _portions(probes, order)
            for row in connection.execute(
                _OBSERVE,
                (
                    Json([probes[place].statement for place in part]),
                    Json([probes[place].preparation for place in part]),
                    Json([probes[place].question for place in part]),
                    Json([_subject(probes[place]) for place in part]),
                    Json([_gate(probes[place]) for place in part]),
                    observation.settle,
                    listening,
                ),
            ).fetchall()
        ]
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.UNKNOWN:
            connection.execute(
                "rollback to savepoint prospectr_run; release savepoint prospectr_run"
            )
    found = {place: _outcome(*row) for place, row in zip(order, rows, strict=True)}
    return [found[place] for place in range(len(probes))]


def _entry(observation: Observation, persona: Persona) -> bytes:
    """Return what lets a persona begin, in one message: what is changed for it, and who it is."""
    world = observation.world
    changes = [
        "savepoint prospectr_run",
        world.changes.get(persona.name),
        world.noted.get(persona.name) if persona.name in world.changes else None,
        None if persona.has_sound_claims else observation.planned_early,
    ]
    return b"".join((*(f"{change};".encode() for change in changes if change), become(persona)))


def _subject(probe: Probe) -> str | None:
    """Return what a statement does to which relation; None where it names none, as calls do."""
    named = _RELATION.search(probe.statement) if probe.command != "call" else None
    return None if named is None else " ".join((probe.command, named.group()))


def _gate(probe: Probe) -> str | None:
    """Return what statements have in common that find the same rows."""
    return None if probe.gate is None else " ".join((_subject(probe) or "", probe.gate))


def _outcome(
    state: str | None,
    message: str | None,
    relation: str | None,
    constraint: str | None,
    context: str | None,
    touched: int,
    labels: Sequence[str] | None,
    output: Sequence[str] | None,
) -> Outcome:
    known = state, message, relation, constraint, context
    return Outcome(*known, touched, tuple(labels or ()), tuple(output or ()))


def _portions(probes: Sequence[Probe], order: Sequence[int]) -> Iterator[list[int]]:
    """Cut many probes into what the server takes at once: it keeps all the text until the end."""
    part: list[int] = []
    size = 0
    for place in order:
        probe = probes[place]
        size += sum(
            len(text or "") for text in (probe.statement, probe.preparation, probe.question)
        )
        part.append(place)
        if size > _MOST_CHARACTERS:
            yield part
            part, size = [], 0
    if part:
        yield part


def _alike_together(probes: Sequence[Probe]) -> list[int]:
    """Return the places of probes so that those with one preparation follow each other."""
    groups: dict[str | None, list[int]] = {}
    for place, probe in enumerate(probes):
        groups.setdefault(probe.preparation, []).append(place)
    return [place for group in groups.values() for place in group]
