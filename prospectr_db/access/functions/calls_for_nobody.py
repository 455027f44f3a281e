"""What functions show of rows that are nobody's, and closed: coupons, codes, prices of tomorrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from prospectr_db.access.functions.answers import answered
from prospectr_db.access.functions.calling import call_cell, call_probe
from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.matrix.matrix import Cell, Verdict
from prospectr_db.access.matrix.row_classes import ANYBODYS
from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.running import Outcome, run
from prospectr_db.access.reached.view_states import Setting
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.writing.statements import delete, equals
from prospectr_db.database.catalog import Relation

__all__ = ["NobodysRows"]

_MOST_TEXTS = 4


@dataclass
class NobodysRows:
    """Whether what a function answers rests on rows of nobody's, in some states or in none.

    ``relations`` are the tables that it names, ``settings`` states of such rows. Asked of whoever
    does not see the rows in the tables themselves.
    """

    observation: Observation
    relations: Sequence[Relation]
    settings: Sequence[Setting]
    statements: Sequence[str]
    _hidden: dict[tuple[str, int], bool] = field(default_factory=dict)

    @cached_property
    def _places(self) -> list[tuple[Relation, str]]:
        """The tables, each with the condition that picks the row that calls aim at."""
        return [
            (relation, equals(relation, {n: row.values[n] for n in relation.primary_key}))
            for relation in self.relations
            if relation.primary_key
            and not self.observation.ownership[relation.oid].owned
            and (row := self.observation.world.row(relation, OWNER)) is not None
        ]

    def cells(self, knocker: Knocker) -> Iterator[Cell]:
        """Yield whether a call tells something of such a row, as it is and in each state.

        It does where the answer is another than without the row; in a state only where it answers
        with as much as it does in none: that a code is over is less than what it is worth.
        """
        hidden = [place for place in self._places if self._is_hidden(knocker, *place)]
        if not hidden or is_lesser(knocker.name) or not self.statements:
            return
        gone = "; ".join(delete(relation, where) for relation, where in hidden)
        found = self._ask(knocker, self.statements, [None, "select 1", gone])
        steady = [
            text
            for text, (first, second, without) in found.items()
            if first.state is without.state is None and first.output == second.output
        ]
        telling = [text for text in steady if found[text][0].output != found[text][2].output]
        texts = (telling or steady)[:_MOST_TEXTS]
        if not texts:
            return
        verdict = Verdict.ALLOWED if telling else Verdict.FILTERED
        yield self._cell(knocker, ANYBODYS, verdict, texts[0], found[texts[0]][0])
        names = {relation.name for relation, _ in hidden}
        states = [s for s in self.settings if {c.partition(".")[0] for c in s.columns} <= names]
        there = self._ask(knocker, texts, [state.preparation for state in states])
        for number, state in enumerate(states):
            counting = [
                text
                for text in texts
                if _tells(there[text][number], *found[text][::2], as_much=bool(telling))
            ]
            text = (counting or texts)[0]
            verdict = Verdict.ALLOWED if counting else Verdict.FILTERED
            rows = f"{ANYBODYS} [{state.name}]"
            yield self._cell(knocker, rows, verdict, text, there[text][number])

    def _is_hidden(self, knocker: Knocker, relation: Relation, where: str) -> bool:
        place = knocker.name, relation.oid
        if place not in self._hidden:
            text = " ".join(("select 1 from", relation.sql_name, "where", where))
            probe = Probe(None, "", "select", "where", None, text)
            outcome = run(self.observation, knocker.persona, [probe])[0]
            self._hidden[place] = outcome.state is not None or outcome.touched == 0
        return self._hidden[place]

    def _ask(
        self, knocker: Knocker, texts: Sequence[str], steps: Sequence[str | None]
    ) -> dict[str, list[Outcome]]:
        probes = [call_probe(text, step, "select '{}'::text[]") for step in steps for text in texts]
        found = run(self.observation, knocker.persona, probes, listening=True)
        return {text: found[place :: len(texts)] for place, text in enumerate(texts)}

    def _cell(
        self, knocker: Knocker, rows: str, verdict: Verdict, text: str, outcome: Outcome
    ) -> Cell:
        probe = Probe(None, "", "select", "call", None, text)
        return call_cell(knocker, rows, "select", verdict, probe, outcome)


def _tells(outcome: Outcome, usual: Outcome, without: Outcome, *, as_much: bool) -> bool:
    """Whether a call tells something of a row in a state, and as much as of the usual one."""
    if outcome.state is not None or outcome.output == without.output:
        return False
    return not as_much or _filled(outcome) == _filled(usual)


def _filled(outcome: Outcome) -> tuple[int, set[str]]:
    return len(outcome.output), answered(outcome.output, filled=True)
