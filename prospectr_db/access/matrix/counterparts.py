"""Which users, told apart by other columns than before, are the same people under another name."""

from __future__ import annotations

from collections.abc import Collection

from prospectr_db.access.matrix.baselines import (
    AT_ONCE,
    BESIDE,
    UNNAMED,
    is_abroad,
    is_at_once,
    is_elsewhere,
    is_of_both,
    is_related,
    is_removed,
    is_unnamed,
)
from prospectr_db.access.matrix.facts import Facts, expand
from prospectr_db.access.matrix.lesser import is_lesser
from prospectr_db.access.matrix.row_classes import plainer

__all__ = ["same_people"]

Rights = frozenset[tuple[str, str, str, frozenset[str]]]
"""Relation, row class, command and columns of everything somebody may do."""

_EVERYBODY = ("newcomer", "stranger")


def same_people(observed: Facts, wanted: Facts, personas: Collection[str]) -> frozenset[str]:
    """Return the personas about whom there is nothing to say, whatever the other side calls them.

    Which users are worth telling apart is read off policies and helper functions, so that another
    spelling names others. ``personas`` are all that were observed. A new one who may do exactly
    what one of the contract's may is no difference, as long as no other value of his column gives
    less: a column that makes some users more powerful than others is news.
    """
    known = {entry[1] for entry in (*wanted.allowed, *wanted.shut)}
    rights = {name: _rights(observed, observed, name) for name in personas}
    fresh = [name for name in personas if _is_derived(name) and name not in known and rights[name]]
    gone = [name for name in known if _is_derived(name) and name not in personas]
    found: set[str] = set()
    for name in fresh:
        twins = [other for other in gone if _rights(wanted, observed, other) == rights[name]]
        if twins:
            found |= {name, *twins}
        if (
            twins
            or _was_tried(wanted, name)
            or is_elsewhere(name)
            or is_of_both(name)
            or is_abroad(name)
        ):
            continue
        if _is_like_all(observed, name):
            found.add(name)
            continue
        if f"{_column(name)}={UNNAMED}" in rights:
            # A value of a claim: without it, or with another one, he would be nobody in particular.
            usual = frozenset().union(*(rights.get(k, frozenset()) for k in (*_EVERYBODY, BESIDE)))
            found |= {name} if rights[name] <= usual else set()
            continue
        alike = [k for k in rights if _is_derived(k) and _column(k) == _column(name)]
        is_least = all(rights[name] <= rights[other] for other in alike)
        told = [k for k in alike if k in known] or [*known, *_EVERYBODY]
        if is_least and any(rights[name] == rights[k] for k in told if k in rights):
            found.add(name)
    return frozenset(found)


def _is_like_all(facts: Facts, persona: str) -> bool:
    """Whether somebody may what owners may on rows of theirs and strangers on others', no less.

    What hangs under his own parents hangs under the owner's, and is a stranger's under another's.
    """
    mine, owners, strangers = (_said_of(facts, who) for who in (persona, "owner", "stranger"))
    for (relation, rows, command), columns in mine.items():
        usual = (owners if rows.startswith("own") else strangers).get((relation, rows, command))
        below = any(
            (label, what) == (relation, command) and whose.startswith("own under other's ")
            for label, whose, what in strangers
        )
        if not below and (usual is None or not columns <= usual):
            return False
    others = {place: names for place, names in strangers.items() if not place[1].startswith("own")}
    no_less = all(place in mine and names <= mine[place] for place, names in others.items())
    return no_less and _shut_to(facts, persona) <= _shut_to(facts, "owner") | _shut_to(
        facts, "stranger"
    )


def _said_of(facts: Facts, persona: str) -> dict[tuple[str, str, str], set[str | None]]:
    """Return what somebody may, by relation, row class and command: the columns, None for all."""
    return {
        (relation, rows, command): {
            None,
            *(n.partition("=")[0] for n in expand(names, facts.columns_for(relation, command))),
        }
        for (relation, who, rows, command), names in facts.allowed.items()
        if who == persona
    }


def _shut_to(facts: Facts, persona: str) -> set[tuple[str, str, str]]:
    return {(entry[0], *entry[2:]) for entry in facts.shut if entry[1] == persona}


def _was_tried(wanted: Facts, persona: str) -> bool:
    """Whether a contract knows the state in which somebody is related to the owner.

    He is not called otherwise then: had he been let in, the contract would say so.
    """
    pair, _, state = persona.partition(", ")
    column, _, value = state.partition("=")
    told = wanted.states.get(pair.rpartition(" in ")[2], {}).get(column)
    if told is None or not is_related(persona):
        return False
    return not told or value in {"null" if v is None else v for v in told}  # or the type says which


def _is_derived(persona: str) -> bool:
    """Whether a persona was made because policies tell such users apart.

    A removed member is not: he goes by that name whatever says that he was removed.
    """
    is_named = "=" in persona or persona.endswith("member")
    is_named = is_named or is_elsewhere(persona) or is_of_both(persona)
    return is_named and not (is_removed(persona) or is_lesser(persona) or is_unnamed(persona))


def _column(persona: str) -> str:
    """Return the column or claim behind ``role=admin`` and its like; a name without one itself."""
    if is_at_once(persona):
        return AT_ONCE.join(part.partition("=")[0] for part in persona.split(AT_ONCE))
    return persona.rpartition("=")[0] or persona


def _rights(facts: Facts, columns: Facts, persona: str) -> Rights:
    """Return what a persona may do; rows in a state that keeps him out count as a right less.

    What an owner may do to rows of his own is left out: it is not told of everybody.
    """
    given = set()
    for (relation, who, rows, command), names in facts.allowed.items():
        if who != persona:
            continue
        known = columns.columns_for(relation, command)
        covered = frozenset(expand(names, known))
        owners = facts.allowed.get((relation, "owner", rows, command))
        if rows != "own" or owners is None or not covered <= frozenset(expand(owners, known)):
            given.add((relation, rows, command, covered))
    shut = {
        (relation, rows, f"not {command}", frozenset({plainer(rows)}))
        for relation, who, rows, command in facts.shut
        if who == persona
    }
    return frozenset(given | shut)
