"""What a row is like that a view shows now, and what no contract says that is older than it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from prospectr_db.access.facts import ANSWER_STATES, VIEW_STATES, VIEWS, Entry, Facts
from prospectr_db.access.finding import Finding
from prospectr_db.access.matrix import AT_TIMES, DEPENDENT, TableAccess, states_of

__all__ = ["is_told_otherwise", "otherwise", "with_one_word"]

_IDLE = "idle-grant"


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


def is_told_otherwise(entry: Entry, facts: Facts) -> bool:
    """Whether an answer that rests on others' rows at times is told as one that always does."""
    relation, persona, rows, command = entry
    always = (relation, persona, DEPENDENT, command)
    return rows.startswith(AT_TIMES) and always in facts.allowed


def with_one_word(findings: Iterable[Finding], observed: Facts, wanted: Facts) -> Iterator[Finding]:
    """Tell in one warning what a contract cannot know, for it was written before it was asked.

    What was asked then it does say, and that is held to it.
    """
    told: set[str] = set()
    for finding in findings:
        what = _unknown(finding, observed, wanted)
        if what is None:
            yield finding
        elif finding.relation not in told:
            told.add(finding.relation)
            yield Finding(
                "unmentioned",
                "warning",
                finding.relation,
                "",
                "",
                "",
                (),
                f"The contract does not say yet {what}: let `access write` add it.",
                rule="not-covered",
            )


def _unknown(finding: Finding, observed: Facts, wanted: Facts) -> str | None:
    """Return what a contract does not say, where a finding rests on that and on nothing else."""
    relation = finding.relation
    kind = observed.relations.get(relation)
    if relation not in wanted.relations:
        return None
    rests = finding.rows.startswith((f"{DEPENDENT} [", AT_TIMES))
    if rests and ANSWER_STATES not in wanted.covers:
        return f"when other people's rows decide what {relation} answers"
    if kind in VIEWS and VIEW_STATES not in wanted.covers and _is_news(finding, observed, wanted):
        return f"in which states rows are seen through {relation}, nor who adds any"
    return None


def _is_news(finding: Finding, observed: Facts, wanted: Facts) -> bool:
    """Whether a finding about a view rests on its states, its columns one by one, or new rows."""
    entry = finding.relation, finding.persona, finding.rows, finding.command
    if " [" in finding.rows or (finding.command == "insert" and finding.rows != "other"):
        return True
    if finding.kind == "loss" and finding.command == "select" and finding.columns:
        return entry in observed.allowed and entry in wanted.allowed
    if finding.kind != "loss" or finding.rule != _IDLE:
        return False
    plain = {e[2] for e in observed.allowed if e[0] == finding.relation and e[3] == finding.command}
    return all(" [" in rows for rows in plain)
