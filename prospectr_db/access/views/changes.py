"""Writing through views: those that PostgreSQL updates by itself, and those with triggers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from prospectr_db.access.matrix.matrix import Cell, Verdict
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.policies.reach import tables_of_view
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.reached.effects import changed_rows, owners_labels
from prospectr_db.access.reached.view_states import Setting
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.writing.statements import typed
from prospectr_db.access.writing.values import candidates
from prospectr_db.database.catalog import Relation, quote_identifier

__all__ = ["view_changes"]

# The bits of pg_relation_is_updatable (PostgreSQL manual, "System Information Functions").
_UPDATES, _DELETES = 4, 16


def view_changes(
    observation: Observation,
    view: Relation,
    knocker: Knocker,
    settings: Sequence[Setting] = (),
    opening: Setting | None = None,
) -> Iterator[Cell]:
    """Try to change rows through a view that can be written to, as they are and in each setting.

    Every column in the one that opens the view, where rows are not to be seen as they are.
    """
    triggers = any("INSTEAD OF" in trigger.definition for trigger in view.triggers)
    sources = tables_of_view(observation.catalog, view)
    if view.kind != "v" or not sources or not (view.view_events or triggers):
        return
    asked = changed_rows(observation, sources)
    probes: list[Probe] = []
    if view.view_events & _UPDATES or triggers:
        probes += _updates(view, knocker, asked)
    if view.view_events & _DELETES or triggers:
        text = " ".join(("delete from", view.sql_name))
        probes.append(Probe(None, "", "delete", "no where", None, text, None, asked))
    probes += [
        replace(probe, rows=setting.name, preparation=setting.preparation)
        for setting in settings
        for probe in _in_setting(view, knocker, probes, every=setting is opening)
    ]
    labels = owners_labels(observation, sources)
    for probe, outcome in zip(probes, run(observation, knocker.persona, probes), strict=True):
        yield _cell(knocker, probe, outcome, labels)


def _in_setting(
    view: Relation, knocker: Knocker, probes: Sequence[Probe], *, every: bool
) -> Iterator[Probe]:
    """Yield what is tried in a setting: one column, rather a text than an id, where not every."""
    role = knocker.persona.role
    for held, command in (("w", "update"), ("d", "delete")):
        mine = [p for p in probes if p.command == command and view.holds_any(role, held)]
        texts = [p for p in mine if p.column and view.by_name[p.column].category == "S"]
        yield from mine if every else (texts or mine)[:1]


def _updates(view: Relation, knocker: Knocker, asked: str) -> Iterator[Probe]:
    role = knocker.persona.role
    writable = [c for c in view.columns if "w" in c.privileges.get(role, "")] or view.columns[:1]
    for column in writable:
        for value in candidates(view, column, tag="v", number=77)[:1]:
            assigned = " = ".join((quote_identifier(column.name), typed(view, column.name, value)))
            text = " ".join(("update", view.sql_name, "set", assigned))
            yield Probe(None, "", "update", "no where", column.name, text, None, asked)


def _cell(knocker: Knocker, probe: Probe, outcome: Outcome, labels: set[str]) -> Cell:
    refused = outcome.state is not None and outcome.state != "42501"
    if set(outcome.labels) & labels:
        verdict = Verdict.ALLOWED
    elif refused:
        verdict = Verdict.REFUSED
    else:
        verdict = Verdict.DENIED if outcome.state else Verdict.FILTERED
    rows = "own" if knocker.actor == OWNER else "other"
    return Cell(
        knocker.name,
        f"{rows} [{probe.rows}]" if probe.rows else rows,
        probe.command,
        probe.form,
        probe.column,
        verdict,
        probe.statement,
        outcome.message,
        outcome.state,
        outcome.constraint,
        refused and bool(outcome.constraint) and knocker.actor is None,
    )
