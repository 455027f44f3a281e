"""Columns that are closed to their owner, and that triggers set to what he writes into others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from prospectr_db.access.matrix.matrix import TOGETHER, Cell
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.reach import trigger_source
from prospectr_db.access.probes.insert import insert_classes
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import run
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.tables.chosen import Chosen, chosen_values
from prospectr_db.access.tables.following import Try, followed
from prospectr_db.access.writing.statements import equals, insert, update
from prospectr_db.database.catalog import Column, Relation

__all__ = ["trigger_writes", "written_by"]

_MOST_PROBES = 400


def trigger_writes(
    observation: Observation,
    plans: Mapping[int, Plan],
    personas: Sequence[Knocker],
    cells: Mapping[int, Sequence[Cell]],
) -> dict[int, list[Cell]]:
    """Return a cell for each closed column of his own rows that an owner decides about.

    Only where a trigger names both that column and one that he may write.
    """
    owner = next((knocker for knocker in personas if knocker.name == "owner"), None)
    found: dict[int, list[Cell]] = {}
    for oid, plan in plans.items():
        is_whole = plan.relation.is_table and not plan.relation.is_partition
        source = trigger_source(observation.catalog, plan.relation) if is_whole else ""
        if owner is None or not source or plan.world.row(plan.relation, OWNER) is None:
            continue
        tries = list(_tries(observation, plan, owner, source, cells))[:_MOST_PROBES]
        outcomes = run(observation, owner.persona, [one.probe for one in tries])
        if told := list(followed(plan.relation, owner, zip(tries, outcomes, strict=True))):
            found[oid] = told
    return found


def _tries(
    observation: Observation,
    plan: Plan,
    owner: Knocker,
    source: str,
    cells: Mapping[int, Sequence[Cell]],
) -> Iterator[Try]:
    words = Chosen.words(source)
    relation = plan.relation
    written = written_by(cells[relation.oid])
    row = plan.world.row(relation, OWNER)
    given = next((v for rows, v in insert_classes(plan, owner) if rows == "own"), None)
    for other, closed in _closed(observation, plan, words, cells):
        for column in relation.columns:
            if column.name not in words or column.name == closed.name:
                continue
            for chosen in chosen_values(observation, other, closed, column, source):
                values = {column.name: chosen.value}
                if column.name in written["update"] and row is not None:
                    where = plan.where(row)
                    probe = _probe(plan, other, update(relation, values, where), None, row.label)
                    yield Try(column.name, other, closed, chosen, "update", probe)
                if column.name in written["insert"] and given is not None:
                    new = {**given, **values}
                    room = plan.make_room(new)
                    probe = _probe(plan, other, insert(relation, new), room, None)
                    yield Try(column.name, other, closed, chosen, "insert", probe)


def written_by(cells: Iterable[Cell]) -> dict[str, set[str]]:
    """Return the columns of his own rows that the owner writes, by command."""
    found: dict[str, set[str]] = {"insert": set(), "update": set()}
    for cell in cells:
        through = cell.succeeds
        mine = cell.persona == "owner" and cell.rows == "own" and cell.command in found
        if through and mine and cell.column:
            found[cell.command].update(cell.column.partition("=")[0].split(TOGETHER))
    return found


def _closed(
    observation: Observation,
    plan: Plan,
    words: frozenset[str],
    cells: Mapping[int, Sequence[Cell]],
) -> Iterator[tuple[Relation, Column]]:
    """Yield the columns that triggers name and the owner writes in no way, of all tables named."""
    for relation in observation.catalog.own_relations:
        row = observation.world.row(relation, OWNER)
        mine = relation.oid == plan.relation.oid
        if not (mine or relation.name in words) or not relation.is_table or row is None:
            continue
        if not observation.ownership[relation.oid].owned:
            continue
        if relation.oid in cells:
            written = set().union(*written_by(cells[relation.oid]).values())
        else:
            held = {c.name: c.privileges.get("authenticated", "") for c in relation.columns}
            written = {name for name, letters in held.items() if set(letters) & set("aw")}
        settled = {*relation.primary_key, *observation.ownership[relation.oid].users}
        for column in relation.columns:
            if column.name in words - written - settled and column.is_writable:
                yield relation, column


def _probe(plan: Plan, other: Relation, text: str, room: str | None, label: str | None) -> Probe:
    """Return a statement with the question how the owner's row, or the new one, is afterwards."""
    command = "update" if label else "insert"
    row = plan.world.row(other, OWNER)
    if other.oid == plan.relation.oid and label is None:
        known = " ".join(
            (
                "not exists (select 1 from prospectr_access.rows as r where r.relation =",
                str(other.oid),
                "and (r.partition, r.place) = (t.tableoid, t.ctid))",
                "and not exists (select 1 from prospectr_access.strays as s where s.relation =",
                str(other.oid),
                "and (s.partition, s.place) = (t.tableoid, t.ctid))",
            )
        )
    else:
        names = other.primary_key or tuple(row.values if row else ())
        known = equals(other, {name: row.values[name] for name in names} if row else {})
    asked = ("select array(select to_jsonb(t)::text from", other.sql_name, "as t where", known)
    return Probe(label, "own", command, "trigger", None, text, room, " ".join((*asked, "limit 1)")))
