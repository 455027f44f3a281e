"""Functions and procedures: what each persona learns and changes by calling them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from prospectr_db.access.functions.answers import declared
from prospectr_db.access.functions.arguments import IDS, calls
from prospectr_db.access.functions.calling import Seeing
from prospectr_db.access.functions.calls_for_nobody import NobodysRows
from prospectr_db.access.functions.calls_in_part import PartCalls, calls_in_part
from prospectr_db.access.functions.calls_in_states import StateCalls
from prospectr_db.access.functions.calls_of_listed import calls_of_listed
from prospectr_db.access.functions.fitting import Fit, fit
from prospectr_db.access.functions.known_secrets import Knowledge, Secrets, called
from prospectr_db.access.matrix.baselines import compared_in_calls, is_related
from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.matrix.matrix import (
    DEPENDENT,
    KNOWING,
    Access,
    Cell,
    TableAccess,
    Verdict,
    collapse,
)
from prospectr_db.access.matrix.row_classes import states_of
from prospectr_db.access.observation import Observation
from prospectr_db.access.ownership.secret_columns import is_secret
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.policies.claim_spelling import answers_with_claim
from prospectr_db.access.policies.decisions import helper_functions, mentioned_by
from prospectr_db.access.policies.reach import (
    asks_as_another,
    tables_of_function,
    words_of_function,
)
from prospectr_db.access.probes.running import run
from prospectr_db.access.reached.dependence import Dependence
from prospectr_db.access.reached.effects import changed_rows, owners_labels, without_owners_rows
from prospectr_db.access.reached.function_states import (
    RowState,
    apart_in,
    asked_users,
    states_of_function,
    states_when_full,
)
from prospectr_db.access.reached.view_states import Setting
from prospectr_db.access.rows.markers import Markers
from prospectr_db.access.tables.extremes import Extremes
from prospectr_db.database.catalog import Catalog, Function

__all__ = ["observe_functions"]


def observe_functions(
    observation: Observation, personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    """Yield what each persona learns and changes by calling each function that it may call."""
    markers = Markers(observation.catalog, observation.world)
    helpers = helper_functions(observation.catalog)
    labels = owners_labels(observation, observation.catalog.own_relations)
    labels |= {label.rpartition(":")[0] + ":new" for label in labels}
    extremes, secrets = Extremes(observation), Secrets(observation)
    catalog = observation.catalog
    for function in catalog.functions:
        if not _is_callable(catalog, function):
            continue
        touched = tables_of_function(observation.catalog, function)
        question = changed_rows(observation, touched, raised=True)
        definer = function.definer or asks_as_another(observation.catalog, function.source)
        gone = without_owners_rows(observation, touched) if definer else None
        told = function.label in observation.given.states
        states = list(_states(observation, function)) if definer or told else []
        seeing = Seeing(observation, question, labels, markers)
        knowledge = Knowledge(secrets, seeing)
        asked = [knocker for knocker in personas if _calls(catalog, function, knocker)]
        statements, plain, fitting = _called_by_all(seeing, knowledge, function, asked)
        singles = [Setting((state,)) for state in states]
        written = apart_in(catalog, function)
        users = asked_users(observation, function) if definer else frozenset()
        in_states = StateCalls(seeing, knowledge, singles, statements, written, users)
        in_part = calls_in_part(seeing, secrets, function, statements, fitting.accepted)
        parts = list(in_part) if definer else []
        settings = [setting for setting in singles if setting.owned]
        words = words_of_function(observation.catalog, function)
        resting = Dependence(observation, touched, gone, settings, extremes, words, "call")
        # What helpers of policies decide is seen of the tables that ask them.
        apart = definer and function.oid not in helpers
        named = [relation for relation in touched if relation.name in words] if apart else []
        of_nobody = [setting for setting in singles if not setting.owned]
        nobodys = NobodysRows(observation, named, of_nobody, statements)
        cells: list[Cell] = []
        for knocker in asked:
            mine = list(plain[knocker.name])
            if definer and (own := [*calls_of_listed(observation, knocker, statements)]):
                mine += called(seeing, knowledge, knocker, own)
            mine += in_states.cells(knocker, mine)
            cells += mine
            cells += nobodys.cells(knocker)
            cells += _missed(cells, mine, knocker)
            answers = function.kind == "f" or function.return_type != "void"
            stateless = [cell for cell in mine if " [" not in cell.rows]
            if answers and not _reaches_others(stateless):
                always = _reaches_others(mine)
                cells += resting.cells(knocker, statements, only_always=always)
        cells += [cell for part in parts for k in personas for cell in part.cells(k)]
        columns = sorted(seeing.columns | declared(observation.catalog, function))
        accesses = collapse(cells, {}, told=in_states.masked)
        part_states = {state for part in parts for state in part.states}
        yield TableAccess(
            function.label,
            "function",
            _rights(function),
            True,
            not function.definer,
            accesses,
            {role: "X" for role in catalog.user_roles if role in function.callable_by},
            columns=tuple(columns),
            unbuildable=_problem(observation, statements, cells, fitting.refusal),
            links={r.label: r.label for r in touched if observation.ownership[r.oid].owned},
            states=_deciding(states, cells, accesses) | _in_part(accesses, parts),
            tried=frozenset(
                {s.name for s in singles} | resting.tried | in_states.tried | part_states
            ),
            secrets=secrets.meant(function),
            sources=tuple(r.label for r in touched),
            usual={state.column: state.usual for state in states},
            serves=function.oid in helpers or answers_with_claim(catalog, function),
            tells_key=function.oid in helpers and _tells_key(observation, function),
        )


def _states(observation: Observation, function: Function) -> Iterator[RowState]:
    """Yield the states of rows in which a function is called once more."""
    yield from states_of_function(observation, function)
    yield from states_when_full(observation, function)


def _tells_key(observation: Observation, function: Function) -> bool:
    """Whether a function answers with one key, such as the tenant of a row, and with no secret."""
    by_oid, ownership = observation.catalog.by_oid, observation.ownership
    named = mentioned_by(observation.catalog, function)
    return (
        function.return_type in IDS
        and not function.returns_set
        and not any(is_secret(by_oid[o], by_oid[o].by_name[n], ownership[o]) for o, n in named)
    )


def _is_callable(catalog: Catalog, function: Function) -> bool:
    return (
        function.schema in catalog.exposed
        and function.return_type not in ("trigger", "event_trigger", "internal")
        and any(role in function.callable_by for role in catalog.user_roles)
    )


def _calls(catalog: Catalog, function: Function, knocker: Knocker) -> bool:
    """Whether a user is asked about a function: what is above policies needs none."""
    above = knocker.persona.role in catalog.above_rls
    return not above and (knocker.calls is None or function.oid in knocker.calls)


def _called_by_all(
    seeing: Seeing, knowledge: Knowledge, function: Function, asked: Sequence[Knocker]
) -> tuple[list[str], dict[str, list[Cell]], Fit]:
    """Return the calls, what they come to by who calls, and what fits where the likeliest do not.

    That is looked for where a function has its owner's rights.
    """
    observation = seeing.observation
    statements = list(calls(observation, function))
    found = {k.name: list(called(seeing, knowledge, k, statements)) for k in asked}
    if not function.definer:
        return statements, found, Fit()
    fitting = fit(seeing, function, [(knocker, found[knocker.name]) for knocker in asked])
    if fitting.accepted:
        known = set(statements)
        statements = list(calls(observation, function, fitting.accepted))
        more = [text for text in statements if text not in known]
        for knocker in asked:
            found[knocker.name] += called(seeing, knowledge, knocker, more)
    return statements, found, fitting


def _reaches_others(cells: Iterable[Cell]) -> bool:
    """Whether a call showed or changed other people's rows, or named others in what it added."""
    return any(
        cell.rows.partition(" [")[0].partition(KNOWING)[0].startswith(("other", "for another "))
        and cell.verdict is Verdict.ALLOWED
        for cell in cells
    )


def _rights(function: Function) -> str:
    """Return with whose rights a function runs, and who says what the names in it mean."""
    if not function.definer:
        return "rights of its caller"
    fixed = any(setting.startswith("search_path=") for setting in function.settings)
    return f"rights of {function.owner}{'' if fixed else ' and the search_path of its caller'}"


def _missed(cells: Sequence[Cell], mine: Sequence[Cell], knocker: Knocker) -> Iterator[Cell]:
    """Yield what calls of those he is compared with come to, and his do not.

    The same user with his usual token; who is related to the owner, as others are to others.
    """
    if not any(cell.verdict is Verdict.ALLOWED for cell in mine):
        return  # where no call gets through nothing else is told
    usual = compared_in_calls(knocker.name)
    got = {(cell.rows, cell.command) for cell in mine}
    for cell in cells if is_lesser(knocker.name) or is_related(knocker.name) else ():
        known = cell.persona in usual and cell.verdict is Verdict.ALLOWED
        if known and "[" not in cell.rows and (cell.rows, cell.command) not in got:
            yield replace(cell, persona=knocker.name, verdict=Verdict.FILTERED)


def _deciding(
    states: Sequence[RowState], cells: Sequence[Cell], accesses: Sequence[Access]
) -> dict[str, tuple[str | None, ...]]:
    """Return the columns, with the values, of which some state kept somebody out, or let count."""
    shut = {
        cell.rows.partition(" [")[2].rstrip("]")
        for cell in cells
        if " [" in cell.rows
        and cell.verdict is not Verdict.ALLOWED
        and not cell.rows.startswith(DEPENDENT)
    }
    for access in accesses:
        if access.rows.startswith((DEPENDENT, "other", "own", "as ")):
            shut |= set(states_of(access.rows))
    return {state.column: state.told for state in states if state.name in shut}


def _in_part(
    accesses: Sequence[Access], parts: Sequence[PartCalls]
) -> dict[str, tuple[str | None, ...]]:
    """Return which rows that are somebody's by one column were tried, or added, in states."""
    told = {access.rows.partition(" [")[0] for access in accesses if " [" in access.rows}
    tried = {part.rows for part in parts}
    return dict.fromkeys(sorted(tried | {rows for rows in told if rows.startswith("as ")}), ())


def _does_something(cells: Sequence[Cell]) -> bool:
    """Whether calls came to anything, or get through in a state and not without."""
    through = [cell for cell in cells if cell.verdict is Verdict.ALLOWED]
    plain = any(" [" not in cell.rows for cell in through)
    return any(cell.command != "call" or not plain for cell in through)


# SQLSTATEs of a call that does not exist as it was written (PostgreSQL manual, appendix A): no
# such function, ambiguous, a value that is none of the type, unknown columns, not supported.
_MISCALLED = ("42883", "42725", "22P02", "42804", "42601", "42703", "42P13", "0A000", "42846")


def _problem(
    observation: Observation, statements: Sequence[str], cells: Sequence[Cell], refusal: str | None
) -> tuple[str, ...]:
    """Say that a function was never really called: what arguments it takes could not be guessed."""
    states = {cell.sqlstate for cell in cells if cell.command == "call"}
    if refusal is not None:
        return () if _does_something(cells) else (f"call: {refusal}",)
    if not states or not states <= {*_MISCALLED, "42501"}:
        return ()
    persona = Persona("control", observation.superuser)
    probes = [Probe(None, "", "call", "call", None, text) for text in statements]
    outcomes = run(observation, persona, probes, listening=True)
    if any(outcome.state not in _MISCALLED or outcome.from_function for outcome in outcomes):
        return ()
    return (f"call: {outcomes[0].message}",)
