"""Row classes as they are written: whose row, and in brackets in which states it is."""

from __future__ import annotations

__all__ = ["plainer", "states_of"]


def plainer(rows: str) -> str:
    """Return a row class without its last state: ``own [a=1, b=2]``, ``own [a=1]``, ``own``."""
    base, _, states = rows.partition(" [")
    rest = states.rstrip("]").rpartition(", ")[0]
    return f"{base} [{rest}]" if rest else base


def states_of(rows: str) -> tuple[str, ...]:
    """Return the states of a row class: ``own [a=1, b=2]`` is in two."""
    return tuple(state for state in rows.partition(" [")[2].rstrip("]").split(", ") if state)
