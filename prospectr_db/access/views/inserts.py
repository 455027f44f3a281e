"""New rows through views: those that PostgreSQL takes to the table below, and those of triggers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from prospectr_db.access.matrix.matrix import Cell, Verdict
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.policies.reach import tables_of_view
from prospectr_db.access.probes.insert import insert_classes
from prospectr_db.access.probes.judging import plain_verdict
from prospectr_db.access.probes.probes import Plan
from prospectr_db.access.probes.running import run
from prospectr_db.access.reached.effects import changed_rows
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.writing.statements import typed
from prospectr_db.database.catalog import Relation, quote_identifier

__all__ = ["view_inserts"]

# The bit of pg_relation_is_updatable (PostgreSQL manual, "System Information Functions").
_INSERTS = 8
_KINDS = ("own", "other", "any", "orphan")


def view_inserts(observation: Observation, view: Relation, knocker: Knocker) -> Iterator[Cell]:
    """Try each kind of new row that a view can take, and that a superuser brings through it."""
    triggers = any("INSTEAD OF" in trigger.definition for trigger in view.triggers)
    sources = tables_of_view(observation.catalog, view)
    takes = view.kind == "v" and bool(view.view_events & _INSERTS or triggers)
    if not takes or not sources or not view.holds_any(knocker.persona.role, "a"):
        return
    source = max(sources, key=lambda one: len(one.by_name.keys() & view.by_name.keys()))
    asked = changed_rows(observation, [source]) if triggers else None
    foreign = f"{source.label}:new" if triggers else None
    probes = [
        Probe(None, rows, "insert", "values", None, text, room, asked)
        for rows, text, room in _statements(observation, view, source, knocker)
        # Whose row a trigger makes of it is seen of the owner's only.
        if not (triggers and rows == "other" and knocker.actor == OWNER)
    ]
    control = Persona("control", observation.superuser, knocker.persona.claims)
    proofs = run(observation, control, probes)
    for probe, outcome, proof in zip(
        probes, run(observation, knocker.persona, probes), proofs, strict=True
    ):
        label = foreign if probe.rows == "other" else None
        if plain_verdict(proof, label) is Verdict.ALLOWED:
            verdict = plain_verdict(outcome, label)
            told = outcome.message, outcome.state, outcome.constraint
            yield Cell(
                knocker.name, probe.rows, "insert", "values", None, verdict, probe.statement, *told
            )


def _statements(
    observation: Observation, view: Relation, source: Relation, knocker: Knocker
) -> Iterator[tuple[str, str, str | None]]:
    """Yield kinds of rows of the table below, by the columns that are called alike in the view."""
    plan = observation.plan(source)
    # No grant on the table counts where a view writes with its owner's rights.
    anybody = replace(knocker.persona, role=observation.superuser)
    for rows, values in insert_classes(plan, replace(knocker, persona=anybody)):
        role = knocker.persona.role
        kept = {
            name: value
            for name, value in values.items()
            if name in view.by_name and "a" in view.by_name[name].privileges.get(role, "")
        }
        if rows in _KINDS and kept and _says_whose(plan, rows, kept):
            yield rows, _insert(view, source, kept), plan.make_room(kept)


def _says_whose(plan: Plan, rows: str, kept: Mapping[str, str | None]) -> bool:
    """Whether a row says that it is somebody else's: left to a default it would be the caller's."""
    saying = {*plan.owner.deciding, *plan.owner.claims}
    saying |= {name for path in plan.owner.parents for name in path.split(", ")}
    return rows != "other" or any(kept.get(name) is not None for name in saying)


def _insert(view: Relation, source: Relation, values: Mapping[str, str | None]) -> str:
    names = ", ".join(quote_identifier(name) for name in values)
    given = ", ".join(typed(source, name, value) for name, value in values.items())
    return " ".join(("insert into", view.sql_name, f"({names})", f"values ({given})"))
