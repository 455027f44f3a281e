"""What differs about rows in a state that keeps somebody out: deleted, archived, locked, over."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

from prospectr_db.access.comparison.values import beyond
from prospectr_db.access.matrix.baselines import (
    can_lose,
    compared_in_calls,
    compared_with,
    is_related,
    is_related_member,
)
from prospectr_db.access.matrix.facts import ALL, Entry, Facts, expand
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.lesser import is_lesser, is_told_of_the_owner
from prospectr_db.access.matrix.matrix import AccessMatrix
from prospectr_db.access.matrix.row_classes import NOBODY, ROWS_OF, is_partly, plainer

__all__ = ["compare_frozen", "compare_states", "is_unheard_of"]

Tell = Callable[[Entry, tuple[str, ...]], Finding]
"""Puts one difference into words: the entry and its columns."""


def _without(entry: Entry, facts: Facts) -> Entry:
    """Return who or what an exception is compared with: the row in no state, or a stranger."""
    relation, persona, rows, command = entry
    mine = (relation, persona, plainer(rows), command)
    if not can_lose(persona) or (is_related(persona) and rows != mine[2] and mine in facts.allowed):
        return mine
    usual = compared_with(persona, command)
    as_owner = rows.startswith("own") and (is_lesser(persona) or is_related_member(persona))
    whose: tuple[str, ...] = (usual, "owner") if as_owner else (usual,)
    if is_related(persona) and facts.relations.get(relation) == "function":
        whose = (*compared_in_calls(persona), "stranger")
    elif is_related(usual):
        whose = (usual, compared_with(usual, command))  # of whom nothing is told but differences
    exact = [(relation, who, kind, command) for who in whose for kind in (rows, plainer(rows))]
    return next((entry for entry in exact if entry in facts.allowed), exact[-1])


def is_unheard_of(entry: Entry, facts: Facts) -> bool:
    """Whether a row is of a kind that was not tried when a contract was written.

    Below a parent that is the owner's in part, or his in part itself and in a state, or in a state
    for a follower who is let in without it: what such a contract says of the other rows says
    nothing of these.
    """
    relation, persona, rows, command = entry
    base, _, told = rows.partition(" [")
    if told and is_related(persona) and (relation, persona, base, command) in facts.allowed:
        known = (*facts.allowed, *facts.shut)
        return not any(e[:2] == entry[:2] and e[2].startswith(f"{base} [") for e in known)
    if base.startswith("as ") and told and base not in facts.states.get(relation, ()):
        return True
    states = told.rstrip("]").split(", ")
    return any(is_partly(state) and state not in facts.states.get(relation, ()) for state in states)


def _is_known(relation: str, rows: str, facts: Facts) -> bool:
    """Whether the columns of a state, a row's own or its parent's, were told apart already."""
    for state in rows.partition(" [")[2].rstrip("]").split(", "):
        if state.partition("=")[0] in facts.states.get(relation, ()):
            continue
        parent, _, column = state.partition("=")[0].rpartition(".")
        if parent:
            labels = [label for label in facts.states if label.rpartition(".")[2] == parent]
        else:
            labels = [relation]
        if column and not any(column in facts.states.get(label, ()) for label in labels):
            return False
    return True


def _is_taken_away(entry: Entry, facts: Facts) -> bool:
    """Whether what is above a row names nobody any more, so that the row is not the owner's."""
    _, persona, rows, _ = entry
    base, _, told = rows.partition(" [")
    if persona != "owner" or not base.startswith(("own", "for another ")):
        return False
    for state in told.rstrip("]").split(", "):
        place, is_none, _ = state.partition(NOBODY)
        table, _, column = place.rpartition(".")
        if not (is_none and table):
            continue
        labels = [label for label in facts.owners if label.rpartition(".")[2] == table]
        if any(facts.owners[label] == column for label in labels):
            return True
    return False


def _is_beyond(entry: Entry, facts: Facts) -> bool:
    """Whether somebody has more rows than those with which he is kept from adding one anyhow."""
    state, _, number = entry[2].rstrip("]").partition("=")
    return ROWS_OF in state and any(
        (*entry[:2], entry[3]) == (*other[:2], other[3])
        and other[2].partition("=")[0] == state
        and int(other[2].rstrip("]").partition("=")[2]) < int(number)
        for other in facts.shut
    )


def _is_spoken_of(persona: str, facts: Facts) -> bool:
    """Whether whoever has another token than usual was tried when the contract was written."""
    if not is_lesser(persona):
        return True
    return any(entry[1] == persona for entry in (*facts.allowed, *facts.shut))


def compare_states(
    observed: Facts,
    wanted: Facts,
    matrix: AccessMatrix | None,
    skip: Container[str],
    *,
    leak: Tell,
    loss: Tell,
    closed: Tell,
) -> Iterator[Finding]:
    """Yield where a state no longer keeps somebody out, or does so now.

    Only for who is let in without it: everything else is a difference of the plain row. ``skip``
    are relations and personas of which nothing is to be said. ``closed`` tells of a state that
    nothing asked for when the contract was written: whether it kept anybody out is not known.
    """
    for entry in sorted(observed.shut ^ wanted.shut):
        relation, persona, rows, command = entry
        told = is_told_of_the_owner(entry, observed, wanted) or is_unheard_of(entry, wanted)
        told = told or (entry in observed.shut and _is_beyond(entry, wanted))
        if relation in skip or persona in skip or told:
            continue
        plain = _without(entry, observed if entry in wanted.shut else wanted)
        columns = observed.columns_for(relation, command)
        if entry in observed.shut:
            if (
                plain in wanted.allowed
                and entry not in wanted.allowed
                and not _is_taken_away(entry, observed)
            ):
                known = _is_known(relation, rows, wanted) and _is_spoken_of(persona, wanted)
                tell = loss if known else closed
                kept = wanted.frozen.get(entry, ())
                yield tell(entry, beyond(expand(wanted.allowed[plain], columns), kept))
        elif plain in observed.allowed and entry not in observed.allowed:
            if _is_made(entry, matrix):
                kept = observed.frozen.get(entry, ())
                yield leak(entry, beyond(expand(observed.allowed[plain], columns), kept))
            else:
                yield _gone(entry)


def _is_made(entry: Entry, matrix: AccessMatrix | None) -> bool:
    """Whether rows in the state of an entry were there to be tried."""
    table = matrix.table(entry[0]) if matrix else None
    state = entry[2].partition(" [")[2].rstrip("]")
    return table is None or not state or state in table.tried


def _gone(entry: Entry) -> Finding:
    relation, persona, rows, command = entry
    sentence = f"The contract speaks of rows of {relation} that cannot be made: {rows}."
    return Finding("gone", "error", relation, persona, rows, command, (), sentence)


def compare_frozen(
    observed: Facts,
    wanted: Facts,
    matrix: AccessMatrix | None,
    skip: Container[str],
    *,
    leak: Tell,
    loss: Tell,
    closed: Tell,
) -> Iterator[Finding]:
    """Yield the columns that a state no longer keeps as they are, or keeps so now.

    And those that change in a state only. The rest is as in `compare_states`, where it is told if
    all that may be changed is kept so.
    """
    kinds = (observed.frozen, wanted.frozen, observed.thawed, wanted.thawed)
    for entry in sorted({entry for kind in kinds for entry in kind}):
        relation, persona, rows, command = entry
        if relation in skip or persona in skip:
            continue
        plain = (relation, persona, plainer(rows), command)
        now, then, opened, open_before = (kind.get(entry, ()) for kind in kinds)
        freed = (
            *_of(plain, beyond(then, now), observed),
            *_not_of(plain, beyond(opened, open_before), wanted),
        )
        held = (
            *_of(plain, beyond(now, then), wanted),
            *_not_of(plain, beyond(open_before, opened), observed),
        )
        if freed and entry not in observed.shut:
            yield leak(entry, freed) if _is_made(entry, matrix) else _gone(entry)
        if held and entry not in {*wanted.shut, *observed.shut}:
            yield (loss if _is_known(relation, rows, wanted) else closed)(entry, held)


def _of(entry: Entry, columns: Iterable[str], facts: Facts) -> tuple[str, ...]:
    """Return those columns that somebody may change of a row without its state."""
    known = facts.allowed.get(entry)
    if known is None:
        return ()
    names = {name.partition("=")[0] for name in known}
    return tuple(name for name in columns if known == (ALL,) or name.partition("=")[0] in names)


def _not_of(entry: Entry, columns: Iterable[str], facts: Facts) -> tuple[str, ...]:
    """Return those that he may not change without the state, where he may change any."""
    known = facts.allowed.get(entry)
    if known is None or known == (ALL,):
        return ()
    return tuple(c for c in columns if c not in known and c.partition("=")[0] not in known)
