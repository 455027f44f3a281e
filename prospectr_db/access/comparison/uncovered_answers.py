"""What an older contract cannot know of answers of functions, and of what views show."""

from __future__ import annotations

from collections.abc import Iterator

from prospectr_db.access.comparison.answers import ANSWERED
from prospectr_db.access.matrix.facts import (
    ANSWER_STATES,
    ANSWERS,
    GIVEN,
    IN_PART,
    LISTED,
    MASKED,
    OF_NOBODY,
    SHOWN,
    VIEW_STATES,
    VIEWS,
    Facts,
    expand,
)
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import AT_TIMES, DEPENDENT, GIVES
from prospectr_db.access.matrix.row_classes import ANYBODYS, plainer, states_of

__all__ = ["of_answers"]


def of_answers(finding: Finding, observed: Facts, wanted: Facts) -> Iterator[tuple[str, str]]:
    """Yield what a finding rests on that is about what a function or view shows."""
    relation = finding.relation
    kind = observed.relations.get(relation)
    if finding.rows.startswith((f"{DEPENDENT} [", AT_TIMES)):
        yield ANSWER_STATES, f"when other people's rows decide what {relation} answers"
    if kind == "function" and finding.rows.partition(" [")[0] == "any":
        yield OF_NOBODY, f"what {relation} tells of rows that are nobody's"
    if kind == "function" and _is_of_columns(finding, wanted):
        yield ANSWERS, f"which columns {relation} answers with"
    if kind in VIEWS and _is_of_two(finding, observed, wanted):
        yield MASKED, f"which columns {relation} shows while rows are in two states"
    if kind == "function" and _is_masked(finding, wanted):
        yield MASKED, f"which columns {relation} answers with while rows are in a state"
    if kind == "function" and finding.rows.startswith("as ") and GIVES in finding.rows:
        yield GIVEN, f"which standing {relation} gives"
    if kind == "function" and _is_in_part(finding, observed):
        yield IN_PART, f"which rows {relation} reaches, or adds, that name their user and others"
    if kind == "function" and _is_of_listed(finding, wanted):
        yield LISTED, f"what {relation} does with rows of users who have a standing"
    if kind == "function" and _is_opening(finding, wanted):
        yield ANSWER_STATES, f"in which states of rows {relation} reaches them"
    if kind in VIEWS and finding.rows.startswith((f"{ANYBODYS} [", "orphan")):
        yield SHOWN, f"what {relation} shows of rows without an owner"
    if kind in VIEWS and _is_news(finding, observed, wanted):
        told = f"in which states rows are seen through {relation}, nor who adds any"
        yield VIEW_STATES, told


def _is_of_columns(finding: Finding, wanted: Facts) -> bool:
    """Whether only columns of an answer are more than before, and not whose rows it shows."""
    entry = finding.relation, finding.persona, finding.rows, finding.command
    return finding.rule == ANSWERED or (bool(finding.columns) and entry in wanted.allowed)


def _is_masked(finding: Finding, wanted: Facts) -> bool:
    """Whether a function answers with other columns while rows are in a state, and with some."""
    entry = finding.relation, finding.persona, finding.rows, finding.command
    fewer = {finding.rows.partition(" [")[0], plainer(finding.rows)} - {finding.rows}
    shown = finding.command == "select" and bool(finding.columns)
    known = any((*entry[:2], rows, entry[3]) in wanted.allowed for rows in fewer)
    return shown and known and entry not in wanted.shut


def _is_of_two(finding: Finding, observed: Facts, wanted: Facts) -> bool:
    """Whether two states together decide about columns of rows that a view shows without them."""
    entry = finding.relation, finding.persona, finding.rows, finding.command
    base = finding.rows.partition(" [")[0]
    if finding.command != "select" or (*entry[:2], base, entry[3]) not in wanted.allowed:
        return False
    if base != finding.rows:
        return len(states_of(finding.rows)) > 1 and entry not in wanted.allowed
    known = observed.columns_for(finding.relation, finding.command)
    return finding.kind == "loss" and any(
        (*other[:2], other[3]) == (*entry[:2], entry[3])
        and len(states_of(other[2])) > 1
        and other[2].startswith(f"{base} [")
        and {*finding.columns} <= {*expand(columns, known)}
        for other, columns in observed.allowed.items()
    )


def _is_in_part(finding: Finding, observed: Facts) -> bool:
    """Whether a function reaches rows that name its caller and others: they were others' before."""
    if finding.rows.startswith("as "):
        return True
    called = finding.relation, finding.persona
    return (finding.kind, finding.command) == ("loss", "update") and any(
        entry[:2] == called and entry[2].startswith("as ") and entry[3] == "insert"
        for entry in observed.allowed
    )


def _is_opening(finding: Finding, wanted: Facts) -> bool:
    """Whether a function reaches rows in a state, and those in none it was to reach never."""
    base = finding.rows.partition(" [")[0]
    plain = (finding.relation, finding.persona, base, finding.command)
    return " [" in finding.rows and base != "all" and plain not in wanted.allowed


def _is_of_listed(finding: Finding, wanted: Facts) -> bool:
    """Whether a function was called while the owner had a standing of which nothing is said."""
    told = {state.partition("=")[0] for state in states_of(finding.rows)}
    return any(
        (place := f"{label.rpartition('.')[2]}.{name}") in told
        and place not in wanted.states.get(finding.relation, ())
        for label, names in wanted.standing.items()
        for name in names
    )


def _is_news(finding: Finding, observed: Facts, wanted: Facts) -> bool:
    """Whether a finding about a view rests on its states, its columns one by one, or new rows."""
    entry = finding.relation, finding.persona, finding.rows, finding.command
    if " [" in finding.rows or (finding.command == "insert" and finding.rows != "other"):
        return True
    reads = finding.kind == "loss" and finding.command == "select" and bool(finding.columns)
    return reads and entry in observed.allowed and entry in wanted.allowed
