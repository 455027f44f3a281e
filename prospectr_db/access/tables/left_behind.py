"""Rows that triggers add to other tables for what is changed: who did it, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.matrix.matrix import LEAVE, TOGETHER, Cell, Verdict
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.reach import trigger_source
from prospectr_db.access.probes.insert import insert_classes
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.rows.inhabitants import NEWCOMER, OWNER
from prospectr_db.access.tables.chosen import Chosen
from prospectr_db.access.writing.statements import insert, literal
from prospectr_db.access.writing.values import naming
from prospectr_db.database.catalog import Relation

__all__ = ["left_behind"]

_CALLER, _OWNER = " as caller", " as owner"
"""How it is told that a column of such a row names who changed something, or whose it was."""
_MOST_TABLES = 12
_MOST_PROBES = 120
"""Statements per persona and relation."""


@dataclass
class _Left:
    """What one persona's statements of one kind left, by what is told of it."""

    statement: str
    tried: set[str] = field(default_factory=set)
    found: dict[str, set[str]] = field(default_factory=dict)

    def told(self, command: str) -> Iterator[str]:
        """Yield each thing, with the columns that bring it about where not all of them do."""
        for text, columns in self.found.items():
            if columns == self.tried:
                yield f"{text} on {command}"
            else:
                yield from (f"{text} on {command} of {name}" for name in sorted(columns))


def left_behind(
    observation: Observation,
    plans: Mapping[int, Plan],
    personas: Sequence[Knocker],
    cells: Mapping[int, Sequence[Cell]],
) -> dict[int, list[Cell]]:
    """Return a cell for each thing that somebody's change leaves in another table.

    Only of the usual rows, and of whoever gets through: what a log keeps of nobody, none misses.
    """
    found: dict[int, list[Cell]] = {}
    for oid, plan in plans.items():
        tables = _written(observation, plan.relation)
        if not tables:
            continue
        asked = " union all ".join(_added(observation, table) for table in tables)
        for knocker in personas:
            if knocker.brief or knocker.only is not None or is_lesser(knocker.name):
                continue
            probes = list(_tries(plan, knocker, cells[oid], f"select array({asked})"))[
                :_MOST_PROBES
            ]
            outcomes = run(observation, knocker.persona, probes)
            told = _told(observation, knocker, probes, outcomes)
            if told:
                found.setdefault(oid, []).extend(told)
    return found


def _written(observation: Observation, relation: Relation) -> list[Relation]:
    """Return the other tables that a table's triggers name: all, where they compose their SQL."""
    if not relation.is_table or relation.is_partition or not relation.triggers:
        return []
    source = trigger_source(observation.catalog, relation)
    words = Chosen.words(source)
    composed = "execute" in source.lower()
    tables = [
        other
        for other in observation.catalog.own_relations
        if other.is_table and not other.is_partition and other.oid != relation.oid
        if other.name in words or composed
    ]
    return tables[:_MOST_TABLES] if "insert" in source.lower() else []


def _tries(plan: Plan, knocker: Knocker, cells: Sequence[Cell], question: str) -> Iterator[Probe]:
    """Yield once more what got through of the usual rows: each column, a new row, one that goes."""
    row = plan.targets.get(OWNER)
    if row is None:
        return
    usual, mine = plan.row_class(knocker, OWNER), set()
    for cell in cells:
        if cell.persona != knocker.name or cell.verdict is not Verdict.ALLOWED:
            continue
        if cell.command == "insert":
            mine.add(cell.rows)
        elif cell.command in ("update", "delete") and (cell.rows, cell.form) == (usual, "where"):
            known = cell.command, "trigger", cell.column, cell.statement
            yield Probe(row.label, usual, *known, None, question)
    for rows, values in insert_classes(plan, knocker):
        if rows in mine and (knocker.actor == OWNER or rows != "own"):
            text, room = insert(plan.relation, values), plan.make_room(values)
            yield Probe(None, rows, "insert", "trigger", None, text, room, question)


def _added(observation: Observation, relation: Relation) -> str:
    """Return the query of the rows that a statement has added to a table, as JSON."""
    oid = str(relation.oid)
    known = " ".join(("from prospectr_access.rows as r where r.relation =", oid))
    return " ".join(
        (
            "(select",
            literal(oid),
            "|| ' ' || to_jsonb(t)::text from",
            relation.sql_name,
            "as t where age(t.xmin) <= 0 and not exists (select 1",
            known,
            "and ((r.partition, r.place) = (t.tableoid, t.ctid) or",
            observation.plan(relation).joined_key(),
            ")) and not exists (select 1 from prospectr_access.strays as s where s.relation =",
            oid,
            "and (s.partition, s.place) = (t.tableoid, t.ctid)) limit 3)",
        )
    )


def _by_another(observation: Observation, probes: Sequence[Probe]) -> list[set[str]]:
    """Return what each statement would leave if somebody else had sent it, whom all of it lets.

    The owner of a row who changes it is both: who did so, and whose it is.
    """
    outcomes = run(observation, observation.unbound(NEWCOMER), probes)
    return [_kept(observation, NEWCOMER, outcome.labels) for outcome in outcomes]


def _kept(observation: Observation, actor: str | None, rows: Sequence[str]) -> set[str]:
    """Return what is told of rows that were added: where, whom they name, what else they hold."""
    actors = observation.world.actors
    caller = actors.get(actor or "")
    found: set[str] = set()
    for text in rows:
        oid, _, image = text.partition(" ")
        relation = observation.catalog.by_oid[int(oid)]
        users = observation.ownership[relation.oid].users
        held = json.loads(image)
        found.add(f"{relation.label}.*")
        for column in relation.columns:
            value, place = held.get(column.name), f"{relation.label}.{column.name}"
            named = column.name in users or column.base_name == "uuid"
            if named and caller and value == naming(column, caller.id):
                found.add(f"{place}{_CALLER}")
            elif named and value == naming(column, actors[OWNER].id):
                found.add(f"{place}{_OWNER}")
            elif value is not None and not column.not_null:
                found.add(place)
    return found


def _told(
    observation: Observation,
    knocker: Knocker,
    probes: Sequence[Probe],
    outcomes: Sequence[Outcome],
) -> list[Cell]:
    groups: dict[tuple[str, str], _Left] = {}
    meant = _by_another(observation, probes) if knocker.actor == OWNER else [set()] * len(probes)
    for probe, outcome, others in zip(probes, outcomes, meant, strict=True):
        if outcome.state is not None or outcome.touched == 0:
            continue
        left = groups.setdefault((probe.rows, probe.command), _Left(probe.statement))
        written = (probe.column or "").partition("=")[0]
        if TOGETHER not in written:
            left.tried.add(written)
            for text in _kept(observation, knocker.actor, outcome.labels):
                said = text.replace(_CALLER, _OWNER)
                left.found.setdefault(said if said in others else text, set()).add(written)
    return [
        Cell(knocker.name, rows, LEAVE, "trigger", text, Verdict.ALLOWED, left.statement)
        for (rows, command), left in groups.items()
        for text in left.told(command)
    ]
