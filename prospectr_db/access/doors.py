"""Ways around a table's policies: views, materialized views, and functions that can be called."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prospectr_db.access.decisions import literals
from prospectr_db.access.markers import Markers
from prospectr_db.access.matrix import DEPENDENT, Cell, TableAccess, Verdict, collapse
from prospectr_db.access.observe import Observation, Outcome, run
from prospectr_db.access.probes import Knocker, Probe
from prospectr_db.access.statements import delete, equals, literal, quote_identifier, typed
from prospectr_db.access.values import candidates
from prospectr_db.access.world import OTHER, OWNER
from prospectr_db.database.catalog import API_ROLES, Catalog, Column, Function, Relation

__all__ = ["observe_functions", "observe_views"]

_ARGUMENT_SETS = 12
_LINES = " limit 500"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one call or query showed and changed."""

    own: bool
    other: bool
    columns: tuple[str, ...]


def observe_views(
    observation: Observation, views: Sequence[Relation], personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    """Yield what each persona sees and changes through each view."""
    markers = Markers(observation.catalog, observation.world)
    for view in views:
        cells: list[Cell] = []
        probes = [Probe(None, "all", "select", "query", None, _query(view, k)) for k in personas]
        control = _control(observation, [probes[0]])
        for knocker, probe in zip(personas, probes, strict=True):
            outcome = run(observation, knocker.persona, [probe], listening=True)[0]
            cells += _view_cells(knocker, probe, outcome, markers, control)
            cells += _view_changes(observation, view, knocker)
        owned = any(
            observation.ownership[source.oid].owned for source in _tables(observation.catalog, view)
        )
        kind = "materialized view" if view.kind == "m" else "view"
        order = {column.name: column.number for column in view.columns}
        path = "rights of its reader" if view.security_invoker else f"rights of {view.owner}"
        yield TableAccess(
            view.label,
            kind,
            path,
            owned,
            view.security_invoker,
            collapse(cells, order),
            {role: view.privileges.get(role, "") for role in API_ROLES[:2]},
            columns=tuple(column.name for column in view.columns),
            writable=tuple(column.name for column in view.columns),
        )


def _query(view: Relation, knocker: Knocker) -> str:
    readable = [c.name for c in view.columns if "r" in c.privileges.get(knocker.persona.role, "")]
    columns = ", ".join(quote_identifier(n) for n in readable or [c.name for c in view.columns])
    return " ".join(("select", columns or "*", "from", view.sql_name)) + _LINES


def _control(observation: Observation, probes: Sequence[Probe]) -> Outcome:
    from prospectr_db.access.personas import Persona

    claims = observation.world.actors[OWNER].persona("control").claims
    persona = Persona("control", observation.superuser, claims)
    return run(observation, persona, probes, listening=True)[0]


def _see(markers: Markers, output: Sequence[str], actor: str | None) -> _Seen:
    own_values = markers.of(actor) if actor else set()
    lines = markers.found(output, OWNER)
    strange = [line for line in lines if not any(value in line for value in own_values)]
    own = bool(actor and markers.found(output, actor))
    columns = {key for line in strange or lines for key in _keys(line)}
    return _Seen(own, bool(strange) and actor != OWNER, tuple(sorted(columns)))


def _keys(line: str) -> list[str]:
    value = json.loads(line)
    return list(value) if isinstance(value, dict) else []


def _view_cells(
    knocker: Knocker,
    probe: Probe,
    outcome: Outcome,
    markers: Markers,
    control: Outcome,
) -> Iterator[Cell]:
    def cell(rows: str, verdict: Verdict, column: str | None = None) -> Cell:
        return Cell(
            knocker.name,
            rows,
            "select",
            "query",
            column,
            verdict,
            probe.statement,
            outcome.message,
            outcome.state,
        )

    mine = "own" if knocker.actor == OWNER else "other"
    if outcome.state is not None:
        yield cell(mine, Verdict.DENIED if outcome.state == "42501" else Verdict.REFUSED)
        return
    seen = _see(markers, outcome.output, knocker.actor)
    there = bool(markers.found(control.output, OWNER))
    reached = seen.own if mine == "own" else seen.other
    if reached:
        for column in seen.columns:
            yield cell(mine, Verdict.ALLOWED, column)
    elif not there and outcome.output:
        # Rows that cannot be told apart by owner: totals, constants, or public things.
        yield cell("any", Verdict.ALLOWED)
    elif not there:
        yield cell("any", Verdict.FILTERED)
    else:
        yield cell(mine, Verdict.FILTERED)


def _tables(catalog: Catalog, view: Relation, seen: frozenset[int] = frozenset()) -> list[Relation]:
    """Return the tables under a view, through other views."""
    found: list[Relation] = []
    for oid in view.sources:
        source = catalog.by_oid.get(oid)
        if source is None or oid in seen:
            continue
        found += [source] if source.is_table else _tables(catalog, source, seen | {oid})
    return found


_UPDATES, _DELETES = 4, 16


def _view_changes(observation: Observation, view: Relation, knocker: Knocker) -> Iterator[Cell]:
    """Try to change rows through a view that can be written to."""
    role = knocker.persona.role
    triggers = any("INSTEAD OF" in trigger.definition for trigger in view.triggers)
    sources = _tables(observation.catalog, view)
    if view.kind != "v" or not sources or not (view.view_events or triggers):
        return
    asked = _changed(observation, sources)
    probes = []
    if view.view_events & _UPDATES or triggers:
        writable = [c for c in view.columns if "w" in c.privileges.get(role, "")] or view.columns[
            :1
        ]
        for column in writable:
            for value in candidates(view, column, tag="v", number=77)[:1]:
                text = " ".join(
                    (
                        "update",
                        view.sql_name,
                        "set",
                        quote_identifier(column.name),
                        "=",
                        typed(view, column.name, value),
                    )
                )
                probes.append(Probe(None, "", "update", "no where", column.name, text, None, asked))
    if view.view_events & _DELETES or triggers:
        text = " ".join(("delete from", view.sql_name))
        probes.append(Probe(None, "", "delete", "no where", None, text, None, asked))
    labels = _labels(observation, sources)
    rows = "own" if knocker.actor == OWNER else "other"
    for probe, outcome in zip(probes, run(observation, knocker.persona, probes), strict=True):
        through = bool(set(outcome.labels) & labels)
        refused = outcome.state is not None and outcome.state != "42501"
        verdict = (
            Verdict.ALLOWED
            if through
            else Verdict.REFUSED
            if refused
            else Verdict.DENIED
            if outcome.state
            else Verdict.FILTERED
        )
        passed = refused and bool(outcome.constraint) and knocker.actor is None
        yield Cell(
            knocker.name,
            rows,
            probe.command,
            probe.form,
            probe.column,
            verdict,
            probe.statement,
            outcome.message,
            outcome.state,
            outcome.constraint,
            passed,
        )


def _labels(observation: Observation, relations: Sequence[Relation]) -> set[str]:
    return {
        row.label
        for relation in relations
        if (row := observation.world.row(relation, OWNER)) is not None
    }


def _changed(observation: Observation, relations: Sequence[Relation]) -> str:
    """Return the question which known rows changed, or were added for the owner, in some tables."""
    owner = observation.world.actors[OWNER].id
    parts = []
    for relation in relations:
        if not relation.is_table:
            continue
        plan = observation.plan(relation)
        parts.append(
            plan.changed().replace(
                "select array_agg(r.label order by r.label)", "select r.label", 1
            )
        )
        parts.append(
            " ".join(
                (
                    "select",
                    literal(f"{relation.label}:new"),
                    "from",
                    relation.sql_name,
                    "as t",
                    "where to_jsonb(t)::text like",
                    literal(f"%{owner}%"),
                    "and not exists (select 1 from prospectr_access.rows as r where r.relation =",
                    str(relation.oid),
                    "and (r.partition, r.place) = (t.tableoid, t.ctid))",
                    "and not exists (select 1 from prospectr_access.rows as r where r.relation =",
                    str(relation.oid),
                    "and t.tableoid = r.partition and",
                    plan.joined_key(),
                    ")",
                )
            )
        )
    return (
        "".join(("select array(", " union all ".join(parts), ")"))
        if parts
        else "select '{}'::text[]"
    )


# Functions ---------------------------------------------------------------------------------------


def observe_functions(
    observation: Observation, personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    """Yield what each persona learns and changes by calling each function that it may call."""
    markers = Markers(observation.catalog, observation.world)
    for function in observation.catalog.functions:
        if not _is_callable(observation.catalog, function):
            continue
        statements = list(_calls(observation, function))
        touched = _touched_by(observation, function)
        question = _changed(observation, touched)
        labels = _labels(observation, observation.catalog.own_relations)
        labels |= {label.rpartition(":")[0] + ":new" for label in labels}
        cells: list[Cell] = []
        for knocker in personas:
            if knocker.persona.role in observation.catalog.above_rls:
                continue
            cells += _call(observation, function, knocker, statements, question, labels, markers)
            if not any(c.persona == knocker.name and c.rows == "other" for c in cells):
                cells += _depends(observation, function, knocker, statements, touched)
        rights = f"rights of {function.owner}" if function.definer else "rights of its caller"
        yield TableAccess(
            function.label,
            "function",
            rights,
            True,
            not function.definer,
            collapse(cells, {}),
            links={r.label: r.label for r in touched if observation.ownership[r.oid].owned},
        )


def _depends(
    observation: Observation,
    function: Function,
    knocker: Knocker,
    statements: Sequence[str],
    touched: Sequence[Relation],
) -> Iterator[Cell]:
    """Yield a cell where an answer changes with other people's rows: a total, a yes or no.

    Each call is made twice as the world is, and once without the owner's rows. An answer that
    changes by itself proves nothing.
    """
    rows = [
        (relation, row)
        for relation in touched
        if observation.ownership[relation.oid].owned
        and relation is not observation.catalog.users
        and (row := observation.world.row(relation, OWNER)) is not None
    ]
    if not function.definer or function.kind != "f" or knocker.actor == OWNER or not rows:
        return
    gone = "; ".join(
        delete(r, equals(r, {n: row.values[n] for n in r.primary_key or row.values}))
        for r, row in rows
    )
    probes = [
        Probe(None, "", "select", "call", None, text, preparation)
        for preparation in (None, "select 1", gone)
        for text in statements
    ]
    found = run(observation, knocker.persona, probes, listening=True)
    count = len(statements)
    for place, text in enumerate(statements):
        first, second, without = (found[place + count * turn] for turn in range(3))
        same = sorted(first.output) == sorted(second.output)
        if first.state is None and same and sorted(first.output) != sorted(without.output):
            yield Cell(knocker.name, DEPENDENT, "select", "call", None, Verdict.ALLOWED, text)
            return


def _is_callable(catalog: Catalog, function: Function) -> bool:
    return (
        function.schema in catalog.exposed
        and function.return_type not in ("trigger", "event_trigger", "internal")
        and any(role in function.callable_by for role in API_ROLES[:2])
    )


def _touched_by(observation: Observation, function: Function) -> list[Relation]:
    """Return the tables that a function can change: those it names, or all where it names none."""
    words = set(re.findall(r"\w+", function.source))
    tables = [r for r in observation.catalog.own_relations if r.is_table and not r.is_partition]
    named = [r for r in tables if r.name in words]
    indirect = {
        other.name for other in observation.catalog.functions if other.oid != function.oid
    } & words
    return tables[:60] if indirect or not named or "execute" in function.source.lower() else named


def _calls(observation: Observation, function: Function) -> Iterator[str]:
    """Yield calls with arguments that aim at the owner's rows."""
    options = [
        _arguments(observation, function, name, type_name)
        for name, type_name in zip(function.input_names, function.argument_types, strict=True)
    ]
    required = len(options) - function.defaults
    seen: set[str] = set()
    for combination in itertools.islice(_spread(options), _ARGUMENT_SETS):
        seen.add(_call_text(function, combination))
    if function.defaults:
        for combination in itertools.islice(_spread(options[:required]), 3):
            seen.add(_call_text(function, combination))
    yield from sorted(seen)


def _spread(options: list[list[str]]) -> Iterator[tuple[str, ...]]:
    """Yield combinations so that every option is used early, and related ones together."""
    if not options:
        yield ()
        return
    longest = max(len(choices) for choices in options)
    for place in range(longest):
        yield tuple(choices[place % len(choices)] for choices in options)
    yield from itertools.product(*options)


def _call_text(function: Function, arguments: Sequence[str]) -> str:
    call = "".join((function.sql_name, "(", ", ".join(arguments), ")"))
    if function.kind == "p":
        return " ".join(("call", call))
    return " ".join(("select * from", call, "as answer")) + _LINES


def _arguments(
    observation: Observation, function: Function, name: str, type_name: str
) -> list[str]:
    """Return SQL texts of arguments for one parameter, the likeliest first."""
    owner = observation.world.actors[OWNER]
    other = observation.world.actors[OTHER]
    words = set(re.findall(r"\w+", function.source))
    ids: list[str] = []
    for (oid, key), row in observation.world.rows.items():
        relation = observation.catalog.by_oid[oid]
        if key == OWNER and relation.name in words and relation is not observation.catalog.users:
            ids += [
                v
                for n in relation.primary_key
                if (v := row.values[n])
                and relation.by_name[n].base_name in ("uuid", "int8", "int4")
            ]
    suffix = "".join(("::", type_name))
    if type_name == "uuid":
        found = [value for value in ids if "-" in value]
        users = [owner.id, other.id]
        found = users[:1] + found + users[1:] if "user" in name.lower() else found + users
    elif type_name in ("integer", "bigint", "smallint", "numeric"):
        found = [value for value in ids if value.isdigit()] + ["1", "100"]
    elif type_name == "boolean":
        found = ["true", "false"]
    elif type_name.endswith("[]"):
        inner = _arguments(observation, function, name, type_name[:-2])
        return ["".join(("array[", item, "]")) for item in inner]
    elif type_name in ("json", "jsonb"):
        found = ["{}"]
    elif type_name in ("text", "character varying", "extensions.citext", "public.citext"):
        found = [
            owner.email,
            *_texts(observation, words),
            *literals(function.source)[:4],
            owner.id,
            "a",
        ]
    else:
        column = Column(
            name,
            1,
            type_name,
            type_name,
            type_name.rpartition(".")[2],
            "U",
            "b",
            None,
            True,
            None,
            "",
            "",
            (),
            (),
            {},
        )
        any_relation = observation.catalog.relations[0]
        found = candidates(any_relation, column, tag="f", number=5)[:2]
    return ["".join((literal(value), suffix)) for value in dict.fromkeys(found)] or ["null"]


def _texts(observation: Observation, words: set[str]) -> list[str]:
    """Return texts of the owner's rows in the tables that a function names."""
    return [
        value
        for (oid, key), row in observation.world.rows.items()
        if key == OWNER and observation.catalog.by_oid[oid].name in words
        for name, value in row.values.items()
        if value and observation.catalog.by_oid[oid].by_name[name].category == "S"
    ][:4]


def _call(
    observation: Observation,
    function: Function,
    knocker: Knocker,
    statements: Sequence[str],
    question: str,
    labels: set[str],
    markers: Markers,
) -> Iterator[Cell]:
    query = function.kind == "f"
    probes = [Probe(None, "", "call", "call", None, text, None, question) for text in statements]
    outcomes = run(observation, knocker.persona, probes, listening=query)
    rows = "own" if knocker.actor == OWNER else "other"
    best: Verdict | None = None
    for probe, outcome in zip(probes, outcomes, strict=True):

        def cell(command: str, verdict: Verdict, rows: str = rows) -> Cell:
            return Cell(knocker.name, rows, command, "call", None, verdict, probe.statement,  # noqa: B023
                        outcome.message, outcome.state)  # noqa: B023 # fmt: skip

        if outcome.state is not None:
            denied = outcome.state == "42501" and not outcome.from_function
            yield cell("call", Verdict.DENIED if denied else Verdict.REFUSED, "all")
            best = best or Verdict.REFUSED
            continue
        yield cell("call", Verdict.ALLOWED, "all")
        given = set(re.findall(r"'([^']{8,})'", probe.statement))
        lines = [line for line in outcome.output if not _echo(line, given)]
        seen = _see(markers, lines, knocker.actor)
        if seen.other or (rows == "own" and seen.own):
            yield cell("select", Verdict.ALLOWED)
        if set(outcome.labels) & labels:
            yield cell("update", Verdict.ALLOWED)
        if knocker.actor != OWNER and _raises(observation, knocker, outcome):
            yield cell("escalate", Verdict.ALLOWED, "own")


def _echo(line: str, given: set[str]) -> bool:
    """Whether a line of output only repeats what was given as an argument."""
    rest = line
    for value in given:
        rest = rest.replace(value, "")
    return not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}|\w{8,}-\w+", rest) and any(
        v in line for v in given
    )


def _raises(observation: Observation, knocker: Knocker, outcome: Outcome) -> bool:
    """Whether a call changed the caller's own standing."""
    relations = {observation.catalog.by_oid[s.relation].label for s in observation.standings}
    return any(f"{label}:{knocker.actor}" in outcome.labels for label in relations)
