"""What differs of views: what a row is like that is seen now, and what old contracts leave out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from prospectr_db.access.comparison_untold import states_of
from prospectr_db.access.facts import VIEWS, Entry, Facts
from prospectr_db.access.finding import Finding
from prospectr_db.access.matrix import TableAccess

__all__ = ["otherwise", "with_one_word"]

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
    if table.kind not in VIEWS or not shown:
        return finding
    columns = {state.partition("=")[0] for state in min(shown, key=len) - states}
    usual = ", ".join(table.usual[name] for name in sorted(columns) if name in table.usual)
    if not usual:
        return finding
    words = f", {usual}" if states else f" where {usual}"
    return replace(finding, sentence=f"{finding.sentence.removesuffix('.')}{words}.")


def with_one_word(findings: Iterable[Finding], observed: Facts, wanted: Facts) -> Iterator[Finding]:
    """Tell in one warning what a contract cannot know: views were not always read in states.

    Such a contract says of none of them which states there are, and names columns that show
    nothing. What the rows show as they are it does say, and that is held to it.
    """
    old = {
        relation
        for relation, kind in observed.relations.items()
        if kind in VIEWS and relation in wanted.relations and relation not in wanted.states
    }
    told: set[str] = set()
    for finding in findings:
        if finding.relation not in old or not _is_news(finding, observed, wanted):
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
                f"The contract does not say yet in which states rows are seen through "
                f"{finding.relation}, nor who adds any: let `access write` add it.",
                rule="view-states",
            )


def _is_news(finding: Finding, observed: Facts, wanted: Facts) -> bool:
    """Whether a finding rests on what was not looked at when a contract was written."""
    entry = finding.relation, finding.persona, finding.rows, finding.command
    if " [" in finding.rows or (finding.command == "insert" and finding.rows != "other"):
        return True
    if finding.kind == "loss" and finding.command == "select" and finding.columns:
        return entry in observed.allowed and entry in wanted.allowed
    if finding.kind != "loss" or finding.rule != _IDLE:
        return False
    plain = {e[2] for e in observed.allowed if e[0] == finding.relation and e[3] == finding.command}
    return all(" [" in rows for rows in plain)
