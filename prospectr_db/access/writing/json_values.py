"""JSON that a column's checks let in: with the keys that they name, of the kinds they want."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from prospectr_db.access.writing.patterns import matching

__all__ = ["shaped"]

_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_CAST = re.compile(r"::[a-z_]\w*(?: varying| precision| with(?:out)? time zone)?(?:\[\])?", re.I)
_HELD = r"§(\d+)§"
_STEP = rf"\s*->>?\s*{_HELD}"
_LIKE: dict[str, Any] = {
    "array": [],
    "object": {},
    "string": "a",
    "number": 1,
    "boolean": True,
    "null": None,
}


def shaped(column: str, checks: Sequence[str], marker: str, number: int) -> list[str]:
    """Return likely JSON texts of a column, the likeliest first.

    ``marker`` makes them recognisable; ``checks`` are as the server deparses them.
    """
    plain = json.dumps({"marker": marker})
    wanted: dict[tuple[str, ...], Any] = {}
    whole: str | None = None
    for check in checks:
        held: list[str] = []
        text = _without_brackets(check, held)
        for name in {column, "VALUE"}:
            named = rf'(?<!\w)"?{re.escape(name)}"?'
            kind = re.search(rf"typeof\s+{named}\s*=\s*{_HELD}", text)
            whole = held[int(kind[1])] if kind else whole
            for path, value in _wanted(text, named, held, marker, number):
                known = wanted.get(path)
                if known is None or value != marker:
                    wanted[path] = value
    if whole is not None and whole != "object" and not wanted:
        return [json.dumps([marker] if whole == "array" else _LIKE.get(whole)), plain]
    if not wanted:
        return [plain]
    bare: dict[str, Any] = {}
    for path, value in sorted(wanted.items(), key=lambda item: len(item[0])):
        _put(bare, path, value)
    return [json.dumps({"marker": marker, **bare}), json.dumps(bare), plain]


def _without_brackets(check: str, held: list[str]) -> str:
    """Return a check without casts and parentheses, its literals put aside."""

    def aside(found: re.Match[str]) -> str:
        held.append(found[1].replace("''", "'"))
        return f"§{len(held) - 1}§"

    text = re.sub(r"[()]", " ", _CAST.sub("", _QUOTED.sub(aside, check)))
    return re.sub(r"\s+", " ", text)


def _wanted(
    text: str, named: str, held: Sequence[str], marker: str, number: int
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the keys that a check names, by their path, with a value that it may want."""
    for keys in re.findall(rf"{named}\s*\?[|&]?\s*(?:ARRAY\s*\[)?((?:\s*,?\s*{_HELD})+)", text):
        for place in re.findall(_HELD, keys[0]):
            yield (held[int(place)],), marker
    for found in re.finditer(rf"(typeof\s+)?{named}((?:{_STEP})+)\s*([^§]*)(?:{_HELD})?", text):
        path = tuple(held[int(place)] for place in re.findall(_HELD, found[2]))
        operator = found[4].strip()
        said = held[int(found[5])] if found[5] else None
        if found[1]:
            if said is not None and operator == "=":
                yield path, _LIKE.get(said, marker)
        else:
            yield path, _fitting(operator, said, marker, number)


def _fitting(operator: str, said: str | None, marker: str, number: int) -> Any:
    """Return a value for which a comparison with a literal may hold."""
    if said is not None and operator in ("~", "~*"):
        return next(matching(said, number), marker)
    if said is not None and (operator == "=" or re.fullmatch(r"= ANY (?:ARRAY\s*)?\[", operator)):
        return said
    bound = re.match(r"(>=?|<=?|=)\s*(-?\d+)", operator)
    if bound:
        return int(bound[2]) + {">": 1, "<": -1}.get(bound[1], 0)
    return marker


def _put(into: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set what is under a path, whatever was there."""
    for key in path[:-1]:
        below = into.get(key)
        if not isinstance(below, dict):
            below = into[key] = {}
        into = below
    into.setdefault(path[-1], value)
