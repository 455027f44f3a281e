"""Times that are told by how far they are from now: ``now+18h``, in statements and in contracts."""

from __future__ import annotations

import re

__all__ = ["from_now", "is_from_now", "moved_by"]

_FROM_NOW = re.compile(r"now([+-]\d+)(d|h|min|s)")
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def moved_by(seconds: int) -> str:
    """Return a time some seconds from now, in the longest unit of which it is a whole number."""
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"now{seconds // size:+d}{unit}"


def is_from_now(value: str) -> bool:
    """Whether a value is such a time."""
    return _FROM_NOW.fullmatch(value) is not None


def from_now(value: str) -> str | None:
    """Return the expression that such a time is in SQL; None where it is none."""
    found = _FROM_NOW.fullmatch(value)
    return "".join(("(now() + interval '", found[1], found[2], "')")) if found else None
