"""The access matrix of a database: build the world, run every probe as every persona, collapse."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from prospectr_db.access.judging import judge_probe
from prospectr_db.access.matrix import (
    AccessMatrix,
    Cell,
    TableAccess,
)
from prospectr_db.access.observation import (
    Observation,
    add_forger,
    knockers,
    open_observer,
    prepare,
    prepared,
)
from prospectr_db.access.personas import (
    Persona,
)
from prospectr_db.access.probes import Knocker, Probe
from prospectr_db.access.running import Outcome, run
from prospectr_db.access.summing_up import policy_text, sum_up
from prospectr_db.access.world import OWNER
from prospectr_db.database.catalog import (
    Relation,
)
from prospectr_db.database.target import Target

__all__ = [
    "Observation",
    "Outcome",
    "add_forger",
    "judge_probe",
    "knockers",
    "observe",
    "observing",
    "open_observer",
    "policy_text",
    "prepare",
    "prepared",
    "run",
]

_CHUNK = 40


def observe(
    target: Target,
    *,
    exposed: Sequence[str] = ("public",),
    supplied: Mapping[str, Mapping[str, str]] | None = None,
    owners: Mapping[str, Iterable[str]] | None = None,
    extra: Mapping[str, Mapping[str, Any]] | None = None,
    on_event: Callable[[str], None] | None = None,
) -> AccessMatrix:
    """Observe a disposable database, and leave its rows as they were.

    Raises ProspectrError where the connection is no superuser's: the world could not be built.
    """
    with observing(
        target, exposed=exposed, supplied=supplied, owners=owners, extra=extra, on_event=on_event
    ) as (_, matrix):
        return matrix


@contextlib.contextmanager
def observing(
    target: Target,
    *,
    exposed: Sequence[str] = ("public",),
    supplied: Mapping[str, Mapping[str, str]] | None = None,
    owners: Mapping[str, Iterable[str]] | None = None,
    extra: Mapping[str, Mapping[str, Any]] | None = None,
    on_event: Callable[[str], None] | None = None,
) -> Iterator[tuple[Observation, AccessMatrix]]:
    """Lend an observation with its matrix, for more questions; nothing of it is kept afterwards."""
    from prospectr_db.access.claims import observe_tokens
    from prospectr_db.access.oracles import find_oracles
    from prospectr_db.access.surroundings import observe_surroundings

    started = time.perf_counter()
    with open_observer(target) as connection:
        observation = prepare(
            connection, exposed=exposed, supplied=supplied, owners=owners, extra=extra
        )
        around = observe_surroundings(observation.connection, observation.catalog)
        tables = observe_everything(observation, on_event=on_event)
        tokens = observe_tokens(observation, [r for r in observation.relations if r.is_table])
        oracles = find_oracles(observation, tables)
        names = tuple(knocker.name for knocker in knockers(observation))
        seconds = time.perf_counter() - started
        yield (
            observation,
            AccessMatrix(
                tables,
                names,
                observation.probes,
                seconds,
                tokens=tokens,
                oracles=oracles,
                surroundings=around,
            ),
        )
        connection.rollback()


def observe_everything(
    observation: Observation, *, on_event: Callable[[str], None] | None = None
) -> tuple[TableAccess, ...]:
    """Observe tables, views and functions."""
    from prospectr_db.access.doors import observe_functions, observe_views
    from prospectr_db.access.storage import observe_storage

    tables = [r for r in observation.relations if r.is_table]
    views = [r for r in observation.relations if r.kind in "vm"]
    personas = knockers(observation)
    return (
        *observe_tables(observation, tables, on_event=on_event),
        *observe_views(observation, views, personas),
        *observe_functions(observation, personas),
        *observe_storage(observation, personas),
    )


def observe_tables(
    observation: Observation,
    relations: Sequence[Relation],
    *,
    personas: Sequence[Knocker] | None = None,
    on_event: Callable[[str], None] | None = None,
) -> tuple[TableAccess, ...]:
    """Observe some relations, a few dozen at a time so that memory stays flat."""
    personas = knockers(observation) if personas is None else personas
    found: list[TableAccess] = []
    for start in range(0, len(relations), _CHUNK):
        chunk = relations[start : start + _CHUNK]
        found += _observe_chunk(observation, chunk, personas)
        if on_event is not None:
            on_event(f"observed {min(start + _CHUNK, len(relations))} of {len(relations)} tables")
    return tuple(found)


def _observe_chunk(
    observation: Observation, relations: Sequence[Relation], personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    plans = {relation.oid: observation.plan(relation) for relation in relations}
    probes = {
        (relation.oid, knocker.name): list(plans[relation.oid].probes(knocker))
        for relation in relations
        for knocker in personas
    }
    outcomes: dict[str, list[tuple[int, Probe, Outcome]]] = {}
    doubtful: dict[tuple[str, str | None, str | None], Probe] = {}
    for knocker in personas:
        batch = [(r.oid, probe) for r in relations for probe in probes[r.oid, knocker.name]]
        found = run(observation, knocker.persona, [probe for _, probe in batch])
        outcomes[knocker.name] = [
            (oid, probe, outcome) for (oid, probe), outcome in zip(batch, found, strict=True)
        ]
        for _, probe, outcome in outcomes[knocker.name]:
            if not _proves_itself(probe, outcome):
                doubtful[_identity(probe)] = probe
    control = _control(observation, list(doubtful.values()))
    cells: dict[int, list[Cell]] = {relation.oid: [] for relation in relations}
    for knocker in personas:
        for oid, probe, outcome in outcomes[knocker.name]:
            proof = control.get(_identity(probe), outcome)
            cells[oid] += judge_probe(plans[oid], knocker, probe, outcome, proof)
    for relation in relations:
        yield sum_up(observation, plans[relation.oid], cells[relation.oid])


def _proves_itself(probe: Probe, outcome: Outcome) -> bool:
    """Whether no control is needed: it got through, or TRUNCATE, which needs no row."""
    if probe.command == "truncate":
        return True
    if outcome.state is not None:
        return False
    if probe.command == "select" and probe.form == "column":
        return True
    if probe.question is None:
        return outcome.touched > 0
    return probe.row is not None and probe.row in outcome.labels


def _identity(probe: Probe) -> tuple[str, str | None, str | None]:
    return probe.statement, probe.preparation, probe.question


def _control(
    observation: Observation, probes: Sequence[Probe]
) -> dict[tuple[str, str | None, str | None], Outcome]:
    """Run the same statements as the superuser: a denial counts only where this touches a row.

    No policy or grant binds a superuser, so that mutants can share what was found once.
    """
    known = observation.controls if observation.controls is not None else {}
    probes = [probe for probe in probes if _identity(probe) not in known]
    claims = observation.world.actors[OWNER].persona("control").claims
    persona = Persona("control", observation.superuser, claims)
    outcomes = run(observation, persona, probes)
    known.update(
        {_identity(probe): outcome for probe, outcome in zip(probes, outcomes, strict=True)}
    )
    return known
