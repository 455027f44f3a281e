"""Row classes as they are written: whose row, and in brackets in which states it is."""

from __future__ import annotations

import re

__all__ = [
    "ANYBODYS",
    "AT_TIMES",
    "DEPENDENT",
    "ELSEWHERE",
    "FILES",
    "NOBODY",
    "ROWS_OF",
    "columns_of",
    "folder_of",
    "in_words",
    "is_below_part",
    "is_partly",
    "partly",
    "plainer",
    "state_name",
    "states_of",
]

ANYBODYS = "any"
"""The row class of what is nobody's."""
DEPENDENT = "others' rows decide"
"""The row class of an answer that changes with other people's rows without showing one of them."""
AT_TIMES = "others' rows decide at times"
"""The same of one that changes only with great or small amounts, or where nobody has any row."""
ELSEWHERE = "own elsewhere"
"""The row class of what a member of two tenants has in the other one, and brings to the owner's."""
FILES = "storage.objects"
"""The table of files, whose rows are told by their folders: ``own in docs/user``."""
NOBODY = "=null"
"""How the state of a row ends that names nobody in a column: ``assignee_id=null``."""
ROWS_OF = "rows of "
"""How a state begins that says how many rows of a table the owner has: ``rows of todos=3``."""


def plainer(rows: str) -> str:
    """Return a row class without its last state: ``own [a=1, b=2]``, ``own [a=1]``, ``own``."""
    base, _, states = rows.partition(" [")
    rest = states.rstrip("]").rpartition(", ")[0]
    return f"{base} [{rest}]" if rest else base


def states_of(rows: str) -> tuple[str, ...]:
    """Return the states of a row class: ``own [a=1, b=2]`` is in two."""
    return tuple(state for state in rows.partition(" [")[2].rstrip("]").split(", ") if state)


def folder_of(rows: str) -> str | None:
    """Return the bucket and whose folder it is of a row class of files: ``docs/user``."""
    found = re.match(r"(?:own|other) in (.+?/.+?)(?: to .+?)?(?: \[.*\])?$", rows)
    return None if found is None else found[1]


def partly(table: str, columns: str) -> str:
    """Return the state of rows whose parent is somebody's by some columns only."""
    return f"{table} as {columns}"


def is_below_part(rows: str) -> bool:
    """Whether a row hangs below a parent that is its user's in part: ``own [rooms as members]``."""
    states = states_of(rows)
    return bool(states) and is_partly(states[-1])


def is_partly(state: str) -> bool:
    """Whether a state says that of a parent: ``rooms as members``, and not ``status=as is``."""
    return " as " in state.partition("=")[0]


def in_words(states: str) -> str:
    """Return states as they stand in a sentence, without the bracket."""
    found = []
    for state in states.rstrip("]").split(", "):
        parent, _, columns = state.partition(" as ") if is_partly(state) else ("", "", "")
        found.append(f"{parent} is theirs by {columns} alone" if columns else state)
    return ", ".join(found)


def state_name(column: str, value: str | None) -> str:
    """Return the state of rows that have a value: ``published_at=2020-01-01``."""
    return f"{column}={'null' if value is None else value.split(' ')[0]}"


def columns_of(states: str) -> frozenset[str]:
    """Return the columns of one state or of several: ``a=1, b=2`` is about two."""
    return frozenset(state.partition("=")[0] for state in states.split(", "))
