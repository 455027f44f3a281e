"""What an older contract does not say, because nobody asked when it was written: one warning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from prospectr_db.access.baselines import is_at_once
from prospectr_db.access.facts import (
    ABOVE,
    ANSWER_STATES,
    PUBLICATIONS,
    SECRETS,
    SEVERAL,
    TRIGGERS,
    TWO_CONDITIONS,
    VIEW_STATES,
    VIEWS,
    Entry,
    Facts,
)
from prospectr_db.access.finding import Finding
from prospectr_db.access.given import parent_states
from prospectr_db.access.matrix import AT_TIMES, DEPENDENT, KNOWING, SET, THROUGH, states_of
from prospectr_db.access.publications import PUBLISHED

__all__ = ["as_covered", "with_one_word"]

_IDLE = "idle-grant"


def as_covered(observed: Facts, wanted: Facts) -> Facts:
    """Return what is observed in the words of a contract that knows less of them.

    An older one does not say which rows of others' are reached by knowing a secret.
    """
    if SECRETS in wanted.covers or not any(KNOWING in entry[2] for entry in observed.allowed):
        return observed
    allowed = {_plain(entry): columns for entry, columns in observed.allowed.items()}
    return replace(observed, allowed=allowed, shut=frozenset(map(_plain, observed.shut)))


def _plain(entry: Entry) -> Entry:
    relation, persona, rows, command = entry
    base, bracket, states = rows.partition(" [")
    return relation, persona, f"{base.partition(KNOWING)[0]}{bracket}{states}", command


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
    if finding.rule == PUBLISHED and finding.kind == "loss" and PUBLICATIONS not in wanted.covers:
        return f"which columns and rows of {relation} are published"
    derived = not any(THROUGH in name for name in finding.columns)
    if finding.command == SET and derived and TRIGGERS not in wanted.covers:
        return f"which columns users set through triggers of {relation}"
    rests = finding.rows.startswith((f"{DEPENDENT} [", AT_TIMES))
    if rests and ANSWER_STATES not in wanted.covers:
        return f"when other people's rows decide what {relation} answers"
    for word, kinds, asks, what in _LATER:
        later = word not in wanted.covers and (kinds is None or kind in kinds)
        if later and _is_told_by(finding, observed, partial(asks, wanted=wanted)):
            return what.format(relation)
    if kind == "function" and ANSWER_STATES not in wanted.covers and _is_opening(finding, wanted):
        return f"in which states of rows {relation} reaches them"
    if kind in VIEWS and VIEW_STATES not in wanted.covers and _is_news(finding, observed, wanted):
        return f"in which states rows are seen through {relation}, nor who adds any"
    return None


def _is_told_by(finding: Finding, observed: Facts, asks: Callable[[Entry], bool]) -> bool:
    """Whether a finding is about an entry of some kind; of an idle grant, about no other."""
    if finding.rule != _IDLE:
        return asks((finding.relation, finding.persona, finding.rows, finding.command))
    told = [
        entry
        for entry in observed.allowed
        if (entry[0], entry[3]) == (finding.relation, finding.command)
        and (entry[1] == "anon") is (finding.persona == "anon")
        and entry[1] != "service_role"
    ]
    return finding.kind == "loss" and all(map(asks, told))


def _is_of_several(entry: Entry, wanted: Facts) -> bool:
    """Whether rows of a table are read only in several states at once, and in none alone."""
    states = states_of(entry[2])
    base = entry[2].partition(" [")[0]
    fewer = [base, *(f"{base} [{state}]" for state in states)]
    known = any((*entry[:2], rows, entry[3]) in wanted.allowed for rows in fewer)
    return entry[3] == "select" and len(states) > 1 and not known


def _is_below(entry: Entry, wanted: Facts) -> bool:
    """Whether something above a row is in a state of which a contract does not speak."""
    named = parent_states([entry]).get(entry[0], set())
    known = parent_states(e for e in (*wanted.allowed, *wanted.shut) if e[0] == entry[0])
    return bool(named - known.get(entry[0], set()))


def _is_at_once(entry: Entry, wanted: Facts) -> bool:
    """Whether users meet two conditions of whom a contract says nothing."""
    return is_at_once(entry[1]) and all(entry[1] != e[1] for e in wanted.allowed)


_TABLES = frozenset({"table"})
_LATER: tuple[tuple[str, frozenset[str] | None, Callable[..., bool], str], ...] = (
    (SEVERAL, _TABLES, _is_of_several, "in which states at once rows of {} are read"),
    (ABOVE, _TABLES, _is_below, "in which states of what is above them rows of {} are reached"),
    (TWO_CONDITIONS, None, _is_at_once, "what users reach in {} who meet two conditions at once"),
)
"""What was asked later: its word, of which kinds of things, which entries, and what they say."""


def _is_opening(finding: Finding, wanted: Facts) -> bool:
    """Whether a function reaches rows in a state, and those in none it was to reach never."""
    base = finding.rows.partition(" [")[0]
    plain = (finding.relation, finding.persona, base, finding.command)
    return " [" in finding.rows and base != "all" and plain not in wanted.allowed


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
