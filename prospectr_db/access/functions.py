"""Functions and procedures: what each persona learns and changes by calling them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from prospectr_db.access.arguments import calls
from prospectr_db.access.dependence import depends
from prospectr_db.access.knocks import Knocker, Probe
from prospectr_db.access.markers import Markers
from prospectr_db.access.matrix import Cell, TableAccess, Verdict, collapse
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas import Persona
from prospectr_db.access.reach import (
    asks_as_another,
    changed_rows,
    owners_labels,
    tables_of_function,
    without_owners_rows,
)
from prospectr_db.access.running import Outcome, run
from prospectr_db.access.world import OWNER
from prospectr_db.database.catalog import API_ROLES, Catalog, Function

__all__ = ["observe_functions"]


def observe_functions(
    observation: Observation, personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    """Yield what each persona learns and changes by calling each function that it may call."""
    markers = Markers(observation.catalog, observation.world)
    labels = owners_labels(observation, observation.catalog.own_relations)
    labels |= {label.rpartition(":")[0] + ":new" for label in labels}
    for function in observation.catalog.functions:
        if not _is_callable(observation.catalog, function):
            continue
        statements = list(calls(observation, function))
        touched = tables_of_function(observation.catalog, function)
        question = changed_rows(observation, touched)
        definer = function.definer or asks_as_another(observation.catalog, function.source)
        gone = without_owners_rows(observation, touched) if definer else None
        cells: list[Cell] = []
        for knocker in personas:
            if knocker.persona.role in observation.catalog.above_rls:
                continue
            cells += _call(observation, knocker, statements, question, labels, markers)
            answers = function.kind == "f" or function.return_type != "void"
            if answers and not any(c.persona == knocker.name and c.rows == "other" for c in cells):
                cells += depends(observation, knocker, statements, gone, form="call")
        yield TableAccess(
            function.label,
            "function",
            f"rights of {function.owner}" if function.definer else "rights of its caller",
            True,
            not function.definer,
            collapse(cells, {}),
            {role: "X" for role in API_ROLES[:2] if role in function.callable_by},
            unbuildable=_problem(observation, statements, cells),
            links={r.label: r.label for r in touched if observation.ownership[r.oid].owned},
        )


def _is_callable(catalog: Catalog, function: Function) -> bool:
    return (
        function.schema in catalog.exposed
        and function.return_type not in ("trigger", "event_trigger", "internal")
        and any(role in function.callable_by for role in API_ROLES[:2])
    )


def _call(
    observation: Observation,
    knocker: Knocker,
    statements: Sequence[str],
    question: str,
    labels: set[str],
    markers: Markers,
) -> Iterator[Cell]:
    rows = "own" if knocker.actor == OWNER else "other"
    probes = [Probe(None, "", "call", "call", None, text, None, question) for text in statements]
    outcomes = run(observation, knocker.persona, probes, listening=True)
    for probe, outcome in zip(probes, outcomes, strict=True):
        for command, place, verdict in _told(observation, knocker, probe, outcome, labels, markers):
            yield Cell(
                knocker.name,
                place or rows,
                command,
                "call",
                None,
                verdict,
                probe.statement,
                outcome.message,
                outcome.state,
            )


def _told(
    observation: Observation,
    knocker: Knocker,
    probe: Probe,
    outcome: Outcome,
    labels: set[str],
    markers: Markers,
) -> Iterator[tuple[str, str, Verdict]]:
    """Yield what one call came to: command, row class (empty: the usual one) and verdict."""
    if outcome.state is not None:
        denied = outcome.state == "42501" and not outcome.from_function
        yield "call", "all", Verdict.DENIED if denied else Verdict.REFUSED
        return
    yield "call", "all", Verdict.ALLOWED
    given = set(re.findall(r"'([^']{8,})'", probe.statement))
    lines = [_without(line, given) for line in outcome.output]
    seen = markers.see(lines, knocker.actor)
    if seen.other or (knocker.actor == OWNER and seen.own):
        yield "select", "", Verdict.ALLOWED
    if set(outcome.labels) & labels:
        yield "update", "", Verdict.ALLOWED
    if knocker.actor != OWNER and any(name.endswith(":below") for name in outcome.labels):
        yield "insert", "", Verdict.ALLOWED
    if knocker.actor != OWNER and _raises(observation, knocker, outcome):
        yield "escalate", "own", Verdict.ALLOWED


def _without(line: str, given: set[str]) -> str:
    """Return a line of an answer without what only repeats the arguments."""
    for value in sorted(given, key=len, reverse=True):
        line = line.replace(value, "")
    return line


def _raises(observation: Observation, knocker: Knocker, outcome: Outcome) -> bool:
    """Whether a call changed the caller's own standing."""
    relations = {observation.catalog.by_oid[s.relation].label for s in observation.standings}
    return any(f"{label}:{knocker.actor}" in outcome.labels for label in relations)


# SQLSTATEs of a call that does not exist as it was written (PostgreSQL manual, appendix A): no
# such function, ambiguous, a value that is none of the type, unknown columns, not supported.
_MISCALLED = ("42883", "42725", "22P02", "42804", "42601", "42703", "42P13", "0A000", "42846")


def _problem(
    observation: Observation, statements: Sequence[str], cells: Sequence[Cell]
) -> tuple[str, ...]:
    """Say that a function was never really called: what arguments it takes could not be guessed."""
    states = {cell.sqlstate for cell in cells if cell.command == "call"}
    if not states or not states <= {*_MISCALLED, "42501"}:
        return ()
    persona = Persona("control", observation.superuser)
    probes = [Probe(None, "", "call", "call", None, text) for text in statements]
    outcomes = run(observation, persona, probes, listening=True)
    if any(outcome.state not in _MISCALLED or outcome.from_function for outcome in outcomes):
        return ()
    return (f"call: {outcomes[0].message}",)
