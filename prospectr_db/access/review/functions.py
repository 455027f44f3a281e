"""What a careful reviewer objects to in what a function shows, changes and adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import (
    DEPENDENT,
    KNOWING,
    TOGETHER,
    Access,
    AccessMatrix,
    TableAccess,
)
from prospectr_db.access.matrix.row_classes import states_of
from prospectr_db.access.review.objections import objection
from prospectr_db.access.review.phrases import phrase

__all__ = ["is_meant", "is_readable", "review_call"]


def review_call(matrix: AccessMatrix, table: TableAccess, access: Access) -> Iterator[Finding]:
    """Yield the objections to what somebody reaches of others' rows by calling a function."""
    # What it shows of rows in a state is meant, unless a secret was asked for and decides nothing.
    only_in_state = access.command == "select" and states_of(access.rows) and not table.secrets
    if is_meant(table, access) or only_in_state:
        yield objection(table, access, "function", "note", kind="surprise")
    elif access.command == "select" and _is_read_anyway(matrix, table, access):
        return  # what it shows everybody reads in the tables
    elif access.command == "select" and table.tells_key:
        # Whoever has a row's key learns another one: as of an answer that shows none of it.
        told = phrase(table, replace(access, rows=DEPENDENT))
        yield objection(table, access, "function", "warning", kind="surprise", sentence=told)
    elif access.command in ("select", "update"):
        yield objection(table, access, "function")
    elif access.command == "insert" and _is_below_readable(matrix, table, access):
        # As comments go below posts that everybody reads.
        yield objection(table, access, "function", "note", kind="surprise")
    elif access.command == "insert":
        yield objection(table, access, "function")


def is_meant(function: TableAccess, access: Access) -> bool:
    """Whether a function asks by name for the secrets that one must know to get there."""
    names = access.rows.partition(" [")[0].partition(KNOWING)[2]
    return bool(names) and set(names.split(TOGETHER)) <= set(function.secrets)


def _is_read_anyway(matrix: AccessMatrix, function: TableAccess, access: Access) -> bool:
    """Whether all that a function shows of others' rows may be read in the tables as well.

    In whatever state they are; of a table that is not read in full, the columns by name.
    """
    persona = "anon" if access.persona == "anon" else "stranger"  # who is asked about each column
    tables = [table for name in function.sources if (table := matrix.table(name)) is not None]
    entries = [_read_in_all_states(table, persona) for table in tables]
    if function.secrets or len(tables) < len(function.sources) or not all(entries):
        return False  # whoever asks for a secret means to keep something back
    read = [set(entry) for entry in entries if entry]
    whole = all(set(t.columns) <= names for t, names in zip(tables, read, strict=True))
    return whole or (bool(access.columns) and set(access.columns) <= set().union(*read))


def _read_in_all_states(table: TableAccess, persona: str) -> tuple[str, ...]:
    """Return the columns that somebody reads of any row that is not his, whatever its state."""
    rows = "other" if table.owned else "any"
    plain = table.find(persona, rows, "select")
    shut = any(
        not other.succeeds and other.rows.startswith(f"{rows} [")
        for other in table.accesses
        if (other.persona, other.command) == (persona, "select")
    )
    return plain.columns if plain is not None and plain.succeeds and not shut else ()


def is_readable(matrix: AccessMatrix, function: TableAccess, access: Access) -> bool:
    """Whether everything that a function's answer can rest on may be read directly as well.

    Where only rows in a state count, they are read in it.
    """
    tables = [matrix.table(label) for label in function.links.values()]
    states = states_of(access.rows)
    reads = [_is_read_in(table, access.persona, states) for table in tables if table is not None]
    return bool(reads) and all(reads)


def _is_below_readable(matrix: AccessMatrix, function: TableAccess, access: Access) -> bool:
    """Whether what a function adds to is read: all it rests on, or what it asks a state of."""
    if is_readable(matrix, function, access):
        return True
    states = states_of(access.rows)
    asked = {state.rpartition(".")[0] for state in states}
    tables = [t for label in function.links.values() if (t := matrix.table(label)) is not None]
    named = [table for table in tables if table.relation.rpartition(".")[2] in asked]
    reads = [_is_read_in(table, access.persona, states) for table in named]
    return len(reads) == len(asked) > 0 and all(reads)


def _is_read_in(table: TableAccess, persona: str, states: Sequence[str]) -> bool:
    name = table.relation.rpartition(".")[2]
    mine = [state.removeprefix(f"{name}.") for state in states if state.startswith(f"{name}.")]
    kinds = ("other", *(f"other [{state}]" for state in (*mine, ", ".join(mine)) if state))
    entries = (table.find(persona, rows, "select") for rows in kinds)
    return any(entry is not None and entry.succeeds for entry in entries)
