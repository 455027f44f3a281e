"""What is said of rows in a state by saying nothing of it: they are treated as without it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from prospectr_db.access.matrix.facts import ALL, Entry, Facts
from prospectr_db.access.matrix.matrix import TableAccess
from prospectr_db.access.matrix.row_classes import states_of

__all__ = ["goes_for_all", "implied", "is_tried", "not_given"]


def is_tried(rows: str, table: TableAccess) -> bool:
    """Whether a row class in several states at once was, each of them by itself."""
    return all(state in table.tried for state in states_of(rows))


def implied(entry: Entry, facts: Facts) -> tuple[str, ...] | None:
    """Return the columns of an entry that is not told, by what is told of rows in fewer states.

    None where nobody gets there, or where what is told contradicts itself.
    """
    relation, persona, rows, command = entry
    base, states = rows.partition(" [")[0], states_of(rows)
    for size in range(len(states) - 1, -1, -1):
        told = [
            (relation, persona, f"{base} [{', '.join(some)}]" if some else base, command)
            for some in combinations(states, size)
        ]
        known = [one for one in told if one in facts.allowed or one in facts.shut]
        if known:
            return None if facts.shut & set(known) else facts.allowed[known[0]]
    return None


def not_given(columns: Iterable[str], rows: str) -> tuple[str, ...]:
    """Leave out the columns that rows have, or have not, because their states say so."""
    given = {state.partition("=")[0].rpartition(".")[2] for state in states_of(rows)}
    return tuple(name for name in columns if name.rpartition(".")[2] not in given)


def goes_for_all(entry: Entry, observed: Facts, wanted: Facts, table: TableAccess) -> bool:
    """Whether somebody who is not tried on a relation any more was to do what all others may.

    Nothing there asks any more who he is, so that he is one of them.
    """
    relation, persona, rows, command = entry
    if not table.accesses or any(access.persona == persona for access in table.accesses):
        return False
    columns = set(wanted.allowed.get(entry, ()))
    usual = observed.allowed.get((relation, "stranger", rows, command))
    return usual is not None and (usual == (ALL,) or columns <= set(usual))
