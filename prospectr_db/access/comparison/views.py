"""What a row is like that a view shows now, or on which an answer rests that did not before."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.comparison.untold import implied
from prospectr_db.access.matrix.facts import VIEWS, Entry, Facts
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import AT_TIMES, DEPENDENT, KNOWING, TableAccess
from prospectr_db.access.matrix.row_classes import states_of

__all__ = ["is_narrower", "is_told_otherwise", "otherwise"]


def otherwise(finding: Finding, entry: Entry, wanted: Facts, table: TableAccess) -> Finding:
    """Say in which state rows are that a view shows now, where it was to show those in others.

    The rows in no state have one, too: they are drafts, where active ones were to be seen.
    """
    relation, persona, rows, command = entry
    states = set(states_of(rows))
    base = rows.partition(" [")[0]
    shown = [
        more
        for known in wanted.allowed
        if (known[0], known[1], known[3]) == (relation, persona, command)
        and known[2].partition(" [")[0] == base
        and states < (more := set(states_of(known[2])))
    ]
    if not (table.kind in VIEWS or rows.startswith(DEPENDENT)) or not shown:
        return finding
    columns = {state.partition("=")[0] for state in min(shown, key=len) - states}
    usual = ", ".join(table.usual[name] for name in sorted(columns) if name in table.usual)
    if not usual:
        return finding
    words = f", {usual}" if states else f" where {usual}"
    return replace(finding, sentence=f"{finding.sentence.removesuffix('.')}{words}.")


def is_narrower(entry: Entry, facts: Facts) -> bool:
    """Whether what is reached by knowing a secret was reached without one."""
    relation, persona, rows, command = entry
    base, bracket, states = rows.partition(" [")
    whose = base.partition(KNOWING)[0]
    plain = (relation, persona, f"{whose}{bracket}{states}", command)
    return whose != base and (plain in facts.allowed or implied(plain, facts) is not None)


def is_told_otherwise(entry: Entry, facts: Facts) -> bool:
    """Whether an answer that rests on others' rows at times is told as one that always does."""
    relation, persona, rows, command = entry
    always = (relation, persona, DEPENDENT, command)
    return rows.startswith(AT_TIMES) and always in facts.allowed
