"""In which states new rows may be: what two sides say of it, where one says less than the other."""

from __future__ import annotations

from collections.abc import Collection

from prospectr_db.access.matrix.facts import ALL, ALONG, Entry, Facts

__all__ = ["as_tried", "beyond", "of_the_same"]

Columns = tuple[str, ...]


def of_the_same(
    entry: Entry,
    plain: Columns | None,
    told: Columns | None,
    commands: Collection[str] = ("insert",),
) -> Columns | None:
    """Return what is said of rows below any parent, of the columns told below one in a state.

    Of new ones, unless other ``commands`` are meant.

    None where that is the same, or where nothing is told of columns.
    """
    if entry[3] not in commands or not plain or not told:
        return None
    names = {name.partition("=")[0] for name in told}
    if plain == (ALL,):
        same = tuple(sorted(names))
    else:
        same = tuple(name for name in plain if name.partition("=")[0] in names)
    return same if set(same) != set(told) else None


def as_tried(
    entry: Entry, now: Columns, then: Columns | None, wanted: Facts
) -> tuple[Columns, Columns]:
    """Return the columns of new rows that both sides have tried, where the contract tells none.

    It knows those that were states when it was written, and could be given none of them. What is
    a state only now was given with any value.
    """
    if entry[3] != "insert" or then != () or not now:
        return now, then or ()
    known = wanted.states.get(entry[0], {})
    given = [name for name in now if name.partition("=")[0] in known and ALONG in wanted.covers]
    limited = [name for name in now if "=" in name and name.partition("=")[0] not in known]
    return (*given, *limited), tuple(dict.fromkeys(name.partition("=")[0] for name in limited))


def beyond(columns: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    """Return the columns that are not among the known ones, nor values of one of them."""
    valued = {name.partition("=")[0] for name in known if "=" in name}
    return tuple(
        f"{name}=any value" if name in valued else name
        for name in columns
        if name not in known and name.partition("=")[0] not in known
    )
