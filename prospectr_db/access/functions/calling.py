"""What a call came to: whom it let in, and what it showed, changed and raised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from prospectr_db.access.functions.answers import answered
from prospectr_db.access.matrix.matrix import GIVES, Cell, Verdict
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.running import Outcome
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.rows.markers import Markers

__all__ = ["Seeing", "call_cell", "call_probe", "rows_of"]


_IN_PART = ":new as "
_NAMED = ":new for "


@dataclass(frozen=True, slots=True)
class Seeing:
    """How it is seen what a call did: what is asked after it, and what is recognised."""

    observation: Observation
    question: str
    labels: set[str]
    markers: Markers
    columns: set[str] = field(default_factory=set)
    """All columns that an answer had, whoever called."""
    rows: str = ""
    """Whose rows the labels are, where they are neither the caller's own nor others' alone."""

    def told(
        self, knocker: Knocker, probe: Probe, outcome: Outcome
    ) -> Iterator[tuple[str, str, Verdict]]:
        """Yield what one call came to: command, row class (empty: the usual one) and verdict."""
        if outcome.state is not None:
            denied = outcome.state == "42501" and not outcome.from_function
            yield "call", "all", Verdict.DENIED if denied else Verdict.REFUSED
            return
        yield "call", "all", Verdict.ALLOWED
        lines = _answer(probe, outcome)
        self.columns.update(answered(lines))
        seen = self.markers.see(lines, knocker.actor)
        if seen.other or (knocker.actor == OWNER and seen.own):
            yield "select", "", Verdict.ALLOWED
        named = [label for label in outcome.labels if _NAMED in label]
        if set(outcome.labels) & self.labels or (named and knocker.actor == OWNER):
            yield "update", "", Verdict.ALLOWED
        for label in named if knocker.actor != OWNER else ():
            yield "insert", f"for another {label.rpartition(_NAMED)[2]}", Verdict.ALLOWED
        if knocker.actor != OWNER and any(name.endswith(":below") for name in outcome.labels):
            yield "insert", "", Verdict.ALLOWED
        for label in outcome.labels:
            if _IN_PART in label:
                yield "insert", f"as {label.rpartition(_IN_PART)[2]}", Verdict.ALLOWED
        if knocker.actor != OWNER and self._raises(knocker, outcome):
            yield "escalate", "own", Verdict.ALLOWED

    def reached(self, knocker: Knocker, probe: Probe, outcome: Outcome) -> dict[str, str]:
        """Return the commands that got somewhere, be it only into the function, with their rows."""
        return {
            command: place or self.rows or rows_of(knocker)
            for command, place, verdict in self.told(knocker, probe, outcome)
            if verdict is Verdict.ALLOWED and GIVES not in place
        }

    def cells(
        self,
        knocker: Knocker,
        rows: str,
        command: str,
        verdict: Verdict,
        probe: Probe,
        outcome: Outcome,
    ) -> Iterator[Cell]:
        """Yield what a call came to as cells: of rows that it showed, one for each column."""
        cell = call_cell(knocker, rows, command, verdict, probe, outcome)
        shown: set[str] = set()
        if command == "select" and verdict is Verdict.ALLOWED:
            shown = self.shown(knocker, probe, outcome)
        yield from (replace(cell, column=name) for name in sorted(shown))
        if not shown:
            yield cell

    def shown(self, knocker: Knocker, probe: Probe, outcome: Outcome) -> set[str]:
        """Return the columns of an answer in which something stands of rows that it shows."""
        lines = self.markers.shown(_answer(probe, outcome), knocker.actor)
        return answered(lines, filled=True)

    def _raises(self, knocker: Knocker, outcome: Outcome) -> bool:
        """Whether a call raised the caller's own standing."""
        catalog = self.observation.catalog
        relations = {catalog.by_oid[s.relation].label for s in self.observation.standings}
        return any(f"{label}:{knocker.actor}:raised" in outcome.labels for label in relations)


def rows_of(knocker: Knocker) -> str:
    """Return whose rows the owner's are to somebody."""
    return "own" if knocker.actor == OWNER else "other"


def call_probe(text: str, preparation: str | None, question: str) -> Probe:
    """Return a call with what is prepared before it and asked after it."""
    return Probe(None, "", "call", "call", None, text, preparation, question)


def call_cell(
    knocker: Knocker, rows: str, command: str, verdict: Verdict, probe: Probe, outcome: Outcome
) -> Cell:
    """Return what a call came to as a cell."""
    told = outcome.message, outcome.state
    return Cell(knocker.name, rows, command, "call", None, verdict, probe.statement, *told)


def _answer(probe: Probe, outcome: Outcome) -> list[str]:
    """Return the lines of an answer without what only repeats what was asked with."""
    given = set(re.findall(r"'([^']{8,})'", probe.statement))
    return [_without(line, given) for line in outcome.output]


def _without(line: str, given: set[str]) -> str:
    """Return a line of an answer without what only repeats the arguments."""
    for value in sorted(given, key=len, reverse=True):
        line = line.replace(value, "")
    return line
