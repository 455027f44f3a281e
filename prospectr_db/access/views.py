"""Views and materialized views: what each persona sees, changes and learns through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prospectr_db.access.dependence import depends
from prospectr_db.access.knocks import Knocker, Probe
from prospectr_db.access.markers import Markers
from prospectr_db.access.matrix import Cell, TableAccess, Verdict, collapse
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas import Persona
from prospectr_db.access.reach import (
    asks_as_another,
    reached_by_view,
    tables_of_view,
    without_owners_rows,
)
from prospectr_db.access.running import Outcome, run
from prospectr_db.access.statements import quote_identifier
from prospectr_db.access.view_changes import view_changes
from prospectr_db.access.world import OWNER
from prospectr_db.database.catalog import Relation

__all__ = ["observe_views"]

_LINES = " limit 500"


def observe_views(
    observation: Observation, views: Sequence[Relation], personas: Sequence[Knocker]
) -> Iterator[TableAccess]:
    """Yield what each persona sees and changes through each view."""
    markers = Markers(observation.catalog, observation.world)
    users = observation.catalog.user_roles
    for view in views:
        cells: list[Cell] = []
        mine = [knocker for knocker in personas if knocker.visits(view.oid)]
        probes = [Probe(None, "all", "select", "query", None, _query(view, k)) for k in mine]
        control = _control(observation, [probes[0]])
        sources = tables_of_view(observation.catalog, view)
        reached = reached_by_view(observation.catalog, view)
        gone = _without(observation, view, reached)
        for knocker, probe in zip(mine, probes, strict=True):
            outcome = run(observation, knocker.persona, [probe], listening=True)[0]
            seen = list(_view_cells(knocker, probe, outcome, markers, control))
            cells += seen
            shown = any(c.rows == "other" and c.verdict is Verdict.ALLOWED for c in seen)
            if outcome.state is None and not shown and knocker.persona.role in users:
                cells += depends(observation, knocker, [probe.statement], gone, form="query")
            cells += view_changes(observation, view, knocker)
        order = {column.name: column.number for column in view.columns}
        path = "rights of its reader" if view.security_invoker else f"rights of {view.owner}"
        yield TableAccess(
            view.label,
            "materialized view" if view.kind == "m" else "view",
            path,
            any(observation.ownership[source.oid].owned for source in sources),
            view.security_invoker,
            collapse(cells, order),
            {role: view.privileges.get(role, "") for role in users},
            columns=tuple(column.name for column in view.columns),
            writable=tuple(column.name for column in view.columns),
            links={r.label: r.label for r in reached if observation.ownership[r.oid].owned},
        )


def _without(observation: Observation, view: Relation, reached: Sequence[Relation]) -> str | None:
    """Return what takes the owner's rows away, where others than the reader's own rows can count.

    A view that asks in its reader's name shows him nothing that he could not count himself. A
    materialized view holds what was there when it was filled, so it is filled again.
    """
    asks = asks_as_another(observation.catalog, view.definition or "")
    if view.security_invoker and not asks:
        return None
    gone = without_owners_rows(observation, reached)
    if gone is None or view.kind != "m":
        return gone
    return "; ".join((gone, " ".join(("refresh materialized view", view.sql_name))))


def _query(view: Relation, knocker: Knocker) -> str:
    readable = [c.name for c in view.columns if "r" in c.privileges.get(knocker.persona.role, "")]
    columns = ", ".join(quote_identifier(n) for n in readable or [c.name for c in view.columns])
    return " ".join(("select", columns or "*", "from", view.sql_name)) + _LINES


def _control(observation: Observation, probes: Sequence[Probe]) -> Outcome:
    claims = observation.world.actors[OWNER].persona("control").claims
    persona = Persona("control", observation.superuser, claims)
    return run(observation, persona, probes, listening=True)[0]


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
    seen = markers.see(outcome.output, knocker.actor)
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
