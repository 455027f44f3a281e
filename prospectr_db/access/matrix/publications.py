"""What publications send of a table: which columns and which rows, and how that has changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from prospectr_db.access.matrix.finding import Finding, Kind
from prospectr_db.access.policies.spelling import conjuncts, plain
from prospectr_db.database.catalog import Published

__all__ = ["PUBLISHED", "compare_publications", "published_words", "unlike"]

PUBLISHED = "published"
"""The rule of a publication that sends more or less of a table."""
_HEAD = "published: "
_WORDS = re.compile(r"(?P<name>.+?)(?: \((?P<columns>[^()]+)\))?(?: where (?P<filter>.+))?")


@dataclass(frozen=True, slots=True)
class _Sent:
    """What one publication sends; None for every column, or for every row."""

    columns: tuple[str, ...] | None
    filter: str | None


def published_words(published: Published) -> str:
    """Return a publication as the contract says it: ``name (id, title) where public``."""
    columns = f" ({', '.join(published.columns)})" if published.columns is not None else ""
    rows = f" where {plain(published.filter)}" if published.filter is not None else ""
    return f"{published.name}{columns}{rows}"


def unlike(items: Iterable[str], others: Iterable[str]) -> set[str]:
    """Leave out the publications that ``others`` know, too, be it with other columns or rows."""
    known = _sent(others)
    return {
        item for item in items if not item.startswith(_HEAD) or not _sent([item]).keys() & known
    }


def compare_publications(
    relation: str,
    now: Iterable[str],
    then: Iterable[str],
    columns: Sequence[str],
    expected: str,
) -> Iterator[Finding]:
    """Yield what publications send more or less of a table than they shall.

    ``columns`` are all that the table has, ``expected`` the words before what shall be.
    """
    is_now, was = _sent(now), _sent(then)
    for name in sorted(is_now.keys() & was.keys()):
        for kind, what in (
            *_columns(relation, is_now[name], was[name], columns),
            *_rows(relation, is_now[name], was[name], expected),
        ):
            sentence = f"The publication {name} {what}."
            yield Finding(
                kind, "error", relation, PUBLISHED, "", name, (), sentence, rule=PUBLISHED
            )


def _columns(
    relation: str, now: _Sent, then: _Sent, columns: Sequence[str]
) -> Iterator[tuple[Kind, str]]:
    is_now = set(columns if now.columns is None else now.columns)
    was = set(columns if then.columns is None else then.columns)
    more = [name for name in columns if name in is_now - was]
    less = [name for name in columns if name in was - is_now]
    if more:
        yield "leak", f"now also sends {', '.join(f'{relation}.{name}' for name in more)}"
    elif now.columns is None and then.columns is not None:
        yield "leak", f"now sends every column of {relation}, and whichever is added to it"
    if less:
        yield "loss", f"no longer sends {', '.join(f'{relation}.{name}' for name in less)}"


def _rows(relation: str, now: _Sent, then: _Sent, expected: str) -> Iterator[tuple[Kind, str]]:
    if now.filter == then.filter:
        return
    if now.filter is None:
        yield "leak", f"now sends every row of {relation}; {expected} where {then.filter}"
        return
    said = f"{expected} {'every row' if then.filter is None else f'where {then.filter}'}"
    narrower = then.filter is None or conjuncts(then.filter) < conjuncts(now.filter)
    word = "only rows" if narrower else "rows"
    yield (
        "loss" if narrower else "leak",
        f"now sends {word} of {relation} where {now.filter}; {said}",
    )


def _sent(items: Iterable[str]) -> dict[str, _Sent]:
    found: dict[str, _Sent] = {}
    for item in items:
        match = _WORDS.fullmatch(item.removeprefix(_HEAD)) if item.startswith(_HEAD) else None
        if match is not None:
            columns = match["columns"]
            names = tuple(columns.split(", ")) if columns else None
            rows = plain(match["filter"]) if match["filter"] else None
            found[match["name"]] = _Sent(names, rows)
    return found
