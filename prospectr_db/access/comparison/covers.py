"""What an older contract does not say, because nobody asked when it was written: one warning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from prospectr_db.access.comparison.uncovered_answers import of_answers
from prospectr_db.access.comparison.uncovered_rows import of_numbers, of_rows
from prospectr_db.access.comparison.uncovered_users import of_users
from prospectr_db.access.matrix.facts import SECRETS, Entry, Facts
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import KNOWING

__all__ = ["as_covered", "with_one_word"]


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
    if finding.relation not in wanted.relations:
        return None
    found = (
        *of_rows(finding, observed, wanted),
        *of_numbers(finding, wanted),
        *of_users(finding, observed, wanted),
        *of_answers(finding, observed, wanted),
    )
    return next((said for cover, said in found if cover not in wanted.covers), None)
