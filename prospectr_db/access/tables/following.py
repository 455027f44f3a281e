"""Whether a column that is closed to its owner follows what he writes somewhere else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from prospectr_db.access.matrix.matrix import BY, SET, THROUGH, Cell, Verdict
from prospectr_db.access.personas.knocks import Knocker, Probe
from prospectr_db.access.probes.running import Outcome
from prospectr_db.access.tables.chosen import Chosen, is_same
from prospectr_db.database.catalog import Column, Relation

__all__ = ["Try", "followed"]


@dataclass(frozen=True, slots=True)
class Try:
    """One statement that writes something, and how what it makes of a closed column is read."""

    written: str
    relation: Relation
    closed: Column
    chosen: Chosen
    form: str
    probe: Probe

    @property
    def group(self) -> tuple[str, int, str, str]:
        """What the values of one column are compared by."""
        return self.written, self.relation.oid, self.closed.name, self.form


def followed(
    relation: Relation, owner: Knocker, tried: Iterable[tuple[Try, Outcome]]
) -> Iterator[Cell]:
    """Yield a cell for each closed column that follows what was written, of a relation."""
    groups: dict[tuple[str, int, str, str], list[tuple[Try, str | None]]] = {}
    for one, outcome in tried:
        if outcome.state is None and outcome.labels:
            value = json.loads(outcome.labels[0]).get(one.closed.name)
            text = value if isinstance(value, str | None) else json.dumps(value)
            groups.setdefault(one.group, []).append((one, text))
    told: set[str] = set()
    for found in groups.values():
        first = found[0][0]
        link = _link(found)
        mine = first.relation.oid == relation.oid
        name = first.closed.name if mine else f"{first.relation.label}.{first.closed.name}"
        text = f"{name}{link}{first.written}"
        if link and text not in told:
            told.add(text)
            statement = first.probe.statement
            yield Cell(owner.name, "own", SET, "trigger", text, Verdict.ALLOWED, statement)


def _link(found: Sequence[tuple[Try, str | None]]) -> str:
    """Return how a column follows another: to the letter, somehow, or not at all (empty)."""
    first = found[0][0]
    wanted = [(one.chosen.expected, got) for one, got in found if one.chosen.expected is not None]
    copied = len({value for value, _ in wanted}) > 1 and all(
        is_same(first.closed, value, got) for value, got in wanted
    )
    if copied and first.chosen.hidden:
        return THROUGH
    answers: dict[str | None, set[str | None]] = {}
    for one, got in found:
        answers.setdefault(one.chosen.value, set()).add(got)
    steady = all(len(values) == 1 for values in answers.values())
    different = len({got for _, got in found}) > 1
    return BY if copied or (steady and different and first.chosen.telling) else ""
