"""Answers that rest on other people's rows without showing one: a total, a yes, a rank."""

from __future__ import annotations

from collections.abc import Sequence

from prospectr_db.access.knocks import Knocker, Probe
from prospectr_db.access.matrix import DEPENDENT, Cell, Verdict
from prospectr_db.access.observation import Observation
from prospectr_db.access.running import run
from prospectr_db.access.world import OWNER

__all__ = ["depends"]


def depends(
    observation: Observation,
    knocker: Knocker,
    statements: Sequence[str],
    gone: str | None,
    *,
    form: str,
) -> list[Cell]:
    """Return a cell where an answer changes when ``gone`` has taken the owner's rows away.

    Each question is put twice as the world is, and once without the rows. An answer that changes
    by itself, as chance does, proves nothing. Whose rows they are knows everything anyhow.
    """
    if gone is None or knocker.actor == OWNER or not statements:
        return []
    probes = [
        Probe(None, "", "select", form, None, text, preparation)
        for preparation in (None, "select 1", gone)
        for text in statements
    ]
    found = run(observation, knocker.persona, probes, listening=True)
    count = len(statements)
    for place, text in enumerate(statements):
        first, second, without = (found[place + count * turn] for turn in range(3))
        same = sorted(first.output) == sorted(second.output)
        if first.state is None and same and sorted(first.output) != sorted(without.output):
            return [Cell(knocker.name, DEPENDENT, "select", form, None, Verdict.ALLOWED, text)]
    return []
