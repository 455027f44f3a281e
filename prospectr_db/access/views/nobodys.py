"""What views show of rows that have no owner: of closed tables, and of tables of users' rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prospectr_db.access.matrix.matrix import Cell, Verdict
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.reach import tables_of_view
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.rows.inhabitants import OTHER, OWNER, Row
from prospectr_db.access.rows.markers import Markers
from prospectr_db.access.writing.statements import equals
from prospectr_db.database.catalog import Relation

__all__ = ["is_closed", "nobodys_rows", "orphans"]

_ORPHAN = "orphan"


def nobodys_rows(
    observation: Observation, tables: Iterable[Relation]
) -> dict[tuple[int, str], Row]:
    """Return the rows of tables without owners that every user of the world has in common."""
    found: dict[tuple[int, str], Row] = {}
    for relation in tables:
        row, same = (observation.world.row(relation, key) for key in (OWNER, OTHER))
        if row is None or observation.ownership[relation.oid].owned:
            continue
        if same is None or same.values == row.values:
            found[relation.oid, OWNER] = row
    return found


def is_closed(observation: Observation, view: Relation, knocker: Knocker) -> bool:
    """Whether somebody does not read the rows of nobody's below a view in their own tables."""
    rows = nobodys_rows(observation, tables_of_view(observation.catalog, view))
    probes = []
    for (oid, _), row in rows.items():
        relation = observation.catalog.by_oid[oid]
        where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
        text = " ".join(("select 1 from", relation.sql_name, "where", where))
        probes.append(Probe(None, "", "select", "where", None, text))
    outcomes = run(observation, knocker.persona, probes)
    return any(outcome.state is not None or outcome.touched == 0 for outcome in outcomes)


def orphans(
    observation: Observation, view: Relation, knocker: Knocker, probe: Probe, outcome: Outcome
) -> Iterator[Cell]:
    """Yield whether a view with its owner's rights shows a row that has lost its user."""
    world = observation.world
    rows = {
        (relation.oid, OWNER): row
        for relation in tables_of_view(observation.catalog, view)
        if (row := world.row(relation, _ORPHAN)) is not None
    }
    if view.security_invoker or view.kind != "v" or not rows or outcome.state is not None:
        return
    seen = Markers(observation.catalog, world, rows).of(OWNER) - _of_others(observation, rows)
    shown = any(value in line for line in outcome.output for value in seen)
    verdict = Verdict.ALLOWED if shown else Verdict.FILTERED
    yield Cell(knocker.name, _ORPHAN, "select", "query", None, verdict, probe.statement)


def _of_others(observation: Observation, rows: dict[tuple[int, str], Row]) -> set[str]:
    """Return what other rows hold, too: such a row is not known by it."""
    mine = {id(row) for row in rows.values()}
    others = (row for row in observation.world.rows.values() if id(row) not in mine)
    return {value for row in others for value in row.values.values() if value is not None}
