"""What differs in policies through which nothing of the world came: they are held by their text."""

from __future__ import annotations

from collections.abc import Iterator

from prospectr_db.access.facts import Facts
from prospectr_db.access.finding import Finding, Kind

__all__ = ["compare_unseen_policies"]

_NOBODY = "through which nobody came by anything that was tried"
_HOW = "If it is meant, `prospectr-db access write` states it."


def compare_unseen_policies(
    relation: str, observed: Facts, wanted: Facts, *, by_contract: bool
) -> Iterator[Finding]:
    """Yield where such a policy is new, gone or says otherwise.

    One that somebody came through since is none of them: what he may is compared by itself.
    """
    there = observed.spellings.get(relation, ())
    known = wanted.unseen.get(relation, ())
    fresh = [text for text in observed.unseen.get(relation, ()) if text not in known]
    gone = [text for text in known if text not in there]
    for text in fresh:
        before = next((old for old in gone if _about(old) == _about(text)), None)
        if before is not None:
            gone.remove(before)
            then = f"{'the contract says' if by_contract else 'before it was'} {_condition(before)}"
            sentence = f"A policy on {relation} {_NOBODY} says otherwise now: {text}; {then}."
        elif by_contract:
            sentence = f"A policy on {relation} {_NOBODY} is not in the contract: {text}. {_HOW}"
        else:
            sentence = f"A policy on {relation} {_NOBODY} is new: {text}."
        yield _finding("leak", relation, text, sentence)
    for text in gone:
        who = "The contract holds" if by_contract else "Before there was"
        sentence = f"{who} a policy on {relation} that is not there any more: {text}."
        yield _finding("loss", relation, text, sentence)


def _about(text: str) -> str:
    """Return for whom and what a policy is, without its condition."""
    return text.partition(" where ")[0]


def _condition(text: str) -> str:
    return text.removeprefix(f"{_about(text)} ")


def _finding(kind: Kind, relation: str, text: str, sentence: str) -> Finding:
    command = text.partition(" ")[0]
    return Finding(kind, "error", relation, "", text, command, (), sentence, rule="unseen-policy")
