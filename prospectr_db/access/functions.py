"""Functions and procedures: what each persona learns and changes by calling them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from prospectr_db.access.arguments import calls
from prospectr_db.access.dependence import depends
from prospectr_db.access.function_states import FunctionState, states_of_function
from prospectr_db.access.knocks import Knocker, Probe
from prospectr_db.access.lesser import is_lesser, lesser_base
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
from prospectr_db.database.catalog import Catalog, Function

__all__ = ["observe_functions"]


def observe_functions(
    observation: Observation, personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    """Yield what each persona learns and changes by calling each function that it may call."""
    markers = Markers(observation.catalog, observation.world)
    labels = owners_labels(observation, observation.catalog.own_relations)
    labels |= {label.rpartition(":")[0] + ":new" for label in labels}
    catalog = observation.catalog
    for function in catalog.functions:
        if not _is_callable(catalog, function):
            continue
        statements = list(calls(observation, function))
        touched = tables_of_function(observation.catalog, function)
        question = changed_rows(observation, touched)
        definer = function.definer or asks_as_another(observation.catalog, function.source)
        gone = without_owners_rows(observation, touched) if definer else None
        told = function.label in observation.given.states
        states = list(states_of_function(observation, function)) if definer or told else []
        seeing = _Seeing(observation, question, labels, markers)
        cells: list[Cell] = []
        for knocker in personas:
            above = knocker.persona.role in observation.catalog.above_rls
            if above or (knocker.calls is not None and function.oid not in knocker.calls):
                continue
            mine = list(_call(seeing, knocker, statements))
            cells += mine
            cells += _missed(cells, mine, knocker)
            cells += _call_in_states(seeing, knocker, states, mine)
            answers = function.kind == "f" or function.return_type != "void"
            if answers and not any(c.persona == knocker.name and c.rows == "other" for c in cells):
                cells += depends(observation, knocker, statements, gone, form="call")
        yield TableAccess(
            function.label,
            "function",
            _rights(function),
            True,
            not function.definer,
            collapse(cells, {}),
            {role: "X" for role in catalog.user_roles if role in function.callable_by},
            unbuildable=_problem(observation, statements, cells),
            links={r.label: r.label for r in touched if observation.ownership[r.oid].owned},
            states=_deciding(states, cells),
            tried=frozenset(state.name for state in states),
        )


def _is_callable(catalog: Catalog, function: Function) -> bool:
    return (
        function.schema in catalog.exposed
        and function.return_type not in ("trigger", "event_trigger", "internal")
        and any(role in function.callable_by for role in catalog.user_roles)
    )


def _rights(function: Function) -> str:
    """Return with whose rights a function runs, and who says what the names in it mean."""
    if not function.definer:
        return "rights of its caller"
    fixed = any(setting.startswith("search_path=") for setting in function.settings)
    return f"rights of {function.owner}{'' if fixed else ' and the search_path of its caller'}"


@dataclass(frozen=True, slots=True)
class _Seeing:
    """How it is seen what a call did: what is asked after it, and what is recognised."""

    observation: Observation
    question: str
    labels: set[str]
    markers: Markers


def _call(seeing: _Seeing, knocker: Knocker, statements: Sequence[str]) -> Iterator[Cell]:
    rows = _rows_of(knocker)
    probes = [_probe(text, None, seeing.question) for text in statements]
    outcomes = run(seeing.observation, knocker.persona, probes, listening=True)
    for probe, outcome in zip(probes, outcomes, strict=True):
        for command, place, verdict in _told(seeing, knocker, probe, outcome):
            yield _cell(knocker, place or rows, command, verdict, probe, outcome)


def _missed(cells: Sequence[Cell], mine: Sequence[Cell], knocker: Knocker) -> Iterator[Cell]:
    """Yield what the same user's calls come to with his usual token, and with this one do not."""
    if not is_lesser(knocker.name) or not any(c.verdict is Verdict.ALLOWED for c in mine):
        return  # where no call gets through nothing else is told
    got = {(cell.rows, cell.command) for cell in mine}
    for cell in cells:
        usual = cell.persona == lesser_base(knocker.name) and cell.verdict is Verdict.ALLOWED
        if usual and "[" not in cell.rows and (cell.rows, cell.command) not in got:
            yield replace(cell, persona=knocker.name, verdict=Verdict.FILTERED)


def _call_in_states(
    seeing: _Seeing, knocker: Knocker, states: Sequence[FunctionState], cells: Sequence[Cell]
) -> Iterator[Cell]:
    """Call again what came to something, with the owner's row in each state.

    Where no call gets through any more nothing else is told: it goes without saying.
    """
    through: dict[tuple[str, str], list[str]] = {}
    allowed = [cell for cell in cells if cell.verdict is Verdict.ALLOWED]
    weight = Counter(cell.statement for cell in allowed)
    for cell in sorted(allowed, key=lambda c: (-weight[c.statement], c.statement)):
        through.setdefault((cell.command, cell.rows), []).append(cell.statement)
    chosen = {key: texts[:_CALLS_PER_STATE] for key, texts in through.items()}
    texts = list(dict.fromkeys(text for found in chosen.values() for text in found))
    tries = [
        (state, _probe(t, state.preparation, seeing.question)) for state in states for t in texts
    ]
    outcomes = run(seeing.observation, knocker.persona, [p for _, p in tries], listening=True)
    rows = _rows_of(knocker)
    found: dict[tuple[str, str], tuple[Probe, Outcome, set[tuple[str, str]]]] = {}
    for (state, probe), outcome in zip(tries, outcomes, strict=True):
        told = {
            (command, place or rows)
            for command, place, verdict in _told(seeing, knocker, probe, outcome)
            if verdict is Verdict.ALLOWED
        }
        found[state.name, probe.statement] = probe, outcome, told
    for state in states:
        for key, mine in chosen.items():
            tried = [found[state.name, text] for text in mine]
            probe, outcome, told = next((t for t in tried if key in t[2]), tried[0])
            verdict = Verdict.ALLOWED if key in told else Verdict.FILTERED
            if outcome.state is not None:
                verdict = Verdict.REFUSED
            closed = not any(("call", "all") in t[2] for t in tried)
            if key == ("call", "all") or not closed:
                yield _cell(knocker, f"{key[1]} [{state.name}]", key[0], verdict, probe, outcome)


_CALLS_PER_STATE = 3


def _deciding(
    states: Sequence[FunctionState], cells: Sequence[Cell]
) -> dict[str, tuple[str | None, ...]]:
    """Return the columns, with the values, of which some state kept somebody out."""
    shut = {
        cell.rows.partition(" [")[2].rstrip("]")
        for cell in cells
        if " [" in cell.rows and cell.verdict is not Verdict.ALLOWED
    }
    return {state.column: state.told for state in states if state.name in shut}


def _rows_of(knocker: Knocker) -> str:
    return "own" if knocker.actor == OWNER else "other"


def _probe(text: str, preparation: str | None, question: str) -> Probe:
    return Probe(None, "", "call", "call", None, text, preparation, question)


def _cell(
    knocker: Knocker, rows: str, command: str, verdict: Verdict, probe: Probe, outcome: Outcome
) -> Cell:
    return Cell(
        knocker.name,
        rows,
        command,
        "call",
        None,
        verdict,
        probe.statement,
        outcome.message,
        outcome.state,
    )


def _told(
    seeing: _Seeing, knocker: Knocker, probe: Probe, outcome: Outcome
) -> Iterator[tuple[str, str, Verdict]]:
    """Yield what one call came to: command, row class (empty: the usual one) and verdict."""
    if outcome.state is not None:
        denied = outcome.state == "42501" and not outcome.from_function
        yield "call", "all", Verdict.DENIED if denied else Verdict.REFUSED
        return
    yield "call", "all", Verdict.ALLOWED
    given = set(re.findall(r"'([^']{8,})'", probe.statement))
    lines = [_without(line, given) for line in outcome.output]
    seen = seeing.markers.see(lines, knocker.actor)
    if seen.other or (knocker.actor == OWNER and seen.own):
        yield "select", "", Verdict.ALLOWED
    if set(outcome.labels) & seeing.labels:
        yield "update", "", Verdict.ALLOWED
    if knocker.actor != OWNER and any(name.endswith(":below") for name in outcome.labels):
        yield "insert", "", Verdict.ALLOWED
    if knocker.actor != OWNER and _raises(seeing.observation, knocker, outcome):
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
