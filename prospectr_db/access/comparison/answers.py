"""What a function answers with that it did not: a column that no contract speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prospectr_db.access.comparison.new import callers
from prospectr_db.access.matrix.facts import Facts
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.review.phrases import joined

__all__ = ["ANSWERED", "compare_answers"]

ANSWERED = "answered"
"""The rule of a column that an answer has, be it of rows that are nobody's."""


def compare_answers(
    relation: str, observed: Facts, wanted: Facts, told: Iterable[Finding]
) -> Iterator[Finding]:
    """Yield the new columns of an answer of which it is not told already who gets them."""
    if observed.relations[relation] != "function":
        return
    known = {*wanted.columns.get(relation, ())}
    known |= {name for finding in told if finding.relation == relation for name in finding.columns}
    new = tuple(name for name in observed.columns.get(relation, ()) if name not in known)
    if new:
        sentence = f"{relation} now answers with {joined(new)}, too: {callers(relation, observed)}."
        yield Finding("leak", "error", relation, "", "", "select", new, sentence, rule=ANSWERED)
