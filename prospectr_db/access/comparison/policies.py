"""What differs in policies that nothing of the world needs: they are held by their text."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from prospectr_db.access.matrix.facts import HELPERS, MADE_UP, PARTS, Facts
from prospectr_db.access.matrix.finding import Finding, Kind
from prospectr_db.access.policies.parts import is_said
from prospectr_db.access.policies.spelling import BESIDE

__all__ = ["compare_unseen_policies"]

_IDLE = "that made no difference to anything that was tried"
_HOW = "If it is meant, `prospectr-db access write` states it."


def compare_unseen_policies(
    relation: str,
    observed: Facts,
    wanted: Facts,
    *,
    by_contract: bool,
    lost: Container[str] = (),
) -> Iterator[Finding]:
    """Yield where such a policy is new, gone or says otherwise.

    What other policies say now, or said then, may stand in any of them.
    One that somebody needs since is none of them: what he may is compared by itself. Nor is
    one about a command that is told as ``lost``, by a grant or a trigger: that is why nobody comes.
    """
    there = observed.spellings.get(relation, {})
    known = wanted.unseen.get(relation, ())
    marks = wanted.alternatives.get(relation, ())
    fresh = [t for t in observed.unseen.get(relation, ()) if not is_said(t, known, marks)]
    gone = [text for text in known if text not in there]
    if HELPERS not in wanted.covers:  # what helpers say was not asked for then
        fresh = [text for text in fresh if there.get(text) not in known]
        gone = [text for text in gone if text not in there.values()]
    then = "the contract says" if by_contract else "before it was"
    for text in fresh:
        alike = [old for old in gone if _about(old) == _about(text)]
        before = next((old for old in alike if _head(old) == _head(text)), next(iter(alike), None))
        if before is not None:
            gone.remove(before)
            if BESIDE in before and PARTS not in wanted.covers:
                yield _not_asked(relation)  # what stood beside it may be written out by now
                continue
            sentence = _otherwise(relation, text, before, then)
        elif text.partition(" ")[0] in lost:
            continue
        elif MADE_UP not in wanted.covers or (_is_part(text, there) and PARTS not in wanted.covers):
            yield _not_asked(relation)
            continue
        elif by_contract:
            sentence = f"A policy on {relation} {_IDLE} is not in the contract: {text}. {_HOW}"
        else:
            sentence = f"A policy on {relation} {_IDLE} is new: {text}."
        yield _finding("leak", relation, text, sentence)
    for text in gone:
        if is_said(text, there):
            continue
        now = next((one for one in there if _head(one) == _head(text) != one), None)
        if now is not None:  # somebody needs it now
            yield _finding("leak", relation, text, _otherwise(relation, now, text, then))
            continue
        who = "The contract holds" if by_contract else "Before there was"
        sentence = f"{who} a policy on {relation} that is not there any more: {text}."
        yield _finding("loss", relation, text, sentence)


def _is_part(text: str, there: Mapping[str, str]) -> bool:
    """Whether it is what a policy for all commands says of one of them."""
    return text not in there


def _not_asked(relation: str) -> Finding:
    """Return the warning of a contract from when it was enough that somebody came through."""
    what = f"which policies of {relation} nothing needs that was tried"
    sentence = f"The contract does not say yet {what}: let `access write` add it."
    nowhere = relation, "", "", "", ()
    return Finding("unmentioned", "warning", *nowhere, sentence, rule="not-covered")


def _otherwise(relation: str, text: str, before: str, then: str) -> str:
    """Tell what a policy says now; of one that says the same, which function behind it does not."""
    now, was = text.split(BESIDE), before.split(BESIDE)
    if now[0] != was[0]:
        sentence = f"A policy on {relation} {_IDLE} says otherwise now: {text}"
        return f"{sentence}; {then} {_condition(before)}."
    more = ", ".join(part for part in now[1:] if part not in was) or "nothing"
    less = ", ".join(part for part in was[1:] if part not in now) or "nothing"
    return f"What stands behind a policy on {relation} ({now[0]}) is now: {more}; {then} {less}."


def _head(text: str) -> str:
    """Return a policy without the functions behind it."""
    return text.partition(BESIDE)[0]


def _about(text: str) -> str:
    """Return for whom and what a policy is, without its condition."""
    return text.partition(" where ")[0]


def _condition(text: str) -> str:
    return text.removeprefix(f"{_about(text)} ")


def _finding(kind: Kind, relation: str, text: str, sentence: str) -> Finding:
    command = text.partition(" ")[0]
    return Finding(kind, "error", relation, "", text, command, (), sentence, rule="unseen-policy")
