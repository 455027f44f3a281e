"""In which states new rows may be: what two sides say of it, where one of them says any."""

from __future__ import annotations

from collections.abc import Collection

from prospectr_db.access.facts import Entry

__all__ = ["are_otherwise", "of_any_value"]


def are_otherwise(entry: Entry, now: tuple[str, ...] | None, then: tuple[str, ...] | None) -> bool:
    """Whether new rows below a parent in a state may be in others themselves than before."""
    if entry[3] != "insert" or now is None or then is None or not now + then:
        return False
    return all("=" in name for name in now + then)


def of_any_value(
    columns: Collection[str], known: Collection[str], beyond: tuple[str, ...]
) -> tuple[str, ...]:
    """Return what one side has beyond the other, where rows of any state are told by no column."""
    if not columns and known and all("=" in name for name in known):
        return tuple(dict.fromkeys(f"{name.partition('=')[0]}=any value" for name in known))
    return beyond if known or not all("=" in name for name in columns) else ()
