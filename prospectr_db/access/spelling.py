"""One spelling of an expression that the server deparsed: no casts, no parentheses to spare.

The server puts every operation into parentheses of its own (PostgreSQL manual, `pg_get_expr`), so
that what is left of them says what belongs together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

__all__ = ["conjuncts", "plain"]

_Part: TypeAlias = "str | list[_Part]"

_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"(?:\.[\w]+)*|[\w.]+|::|[()\[\],]|[^\s\w'\"()\[\],:]+|:"
)
_CAST = re.compile(
    r"::(?:(?:\"(?:[^\"]|\"\")*\"|\w+)\.)?(?:\"(?:[^\"]|\"\")*\"|\w+)"
    r"(?: varying| precision| with(?:out)? time zone)?(?:\(\d+(?:,\s*\d+)?\))?(?:\[\])*"
)
_TEXT = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")")
_CONNECTING = frozenset({"and", "or", "not", "is", "case", "when", "then", "else", "any", "all"})


def plain(expression: str) -> str:
    """Return an expression as it reads without casts and without parentheses to spare."""
    return _spelt(_parsed(expression))


def conjuncts(expression: str) -> frozenset[str]:
    """Return what must all be true for an expression to be."""
    parts = _parsed(expression)
    if "or" in parts:
        return frozenset({_spelt(parts)})
    found: list[list[_Part]] = [[]]
    for part in parts:
        if part == "and":
            found.append([])
        else:
            found[-1].append(part)
    return frozenset(_spelt(_bare(group)) for group in found)


def _parsed(expression: str) -> list[_Part]:
    return _bare(_group(_tokens(_without_casts(expression))))


def _without_casts(expression: str) -> str:
    """Leave out casts; what stands in quotes is no cast, but a quoted type is one."""
    kept: list[str] = []
    rest = expression
    while rest:
        if text := _TEXT.match(rest):
            kept.append(text[0])
            rest = rest[text.end() :]
        elif cast := _CAST.match(rest):
            rest = rest[cast.end() :]
        else:
            kept.append(rest[0])
            rest = rest[1:]
    return "".join(kept)


def _tokens(expression: str) -> Iterator[str]:
    for piece in _TOKEN.findall(expression):
        yield piece if piece[0] in "'\"" else piece.lower()


def _group(tokens: Iterator[str]) -> list[_Part]:
    found: list[_Part] = []
    for piece in tokens:
        if piece == ")":
            break
        if piece != "(":
            found.append(piece)
            continue
        inner = _bare(_group(tokens))
        # What stands behind a name are its arguments, however few.
        found.append(inner if len(inner) != 1 or _is_name(found) else inner[0])
    return found


def _is_name(parts: list[_Part]) -> bool:
    last = parts[-1] if parts else ""
    return isinstance(last, str) and bool(re.match(r"[\w\"]", last)) and last not in _CONNECTING


def _bare(parts: list[_Part]) -> list[_Part]:
    """Return what is in a group that holds nothing but another."""
    while len(parts) == 1 and isinstance(parts[0], list):
        parts = parts[0]
    return parts


def _spelt(parts: list[_Part]) -> str:
    words: list[str] = []
    for place, part in enumerate(parts):
        if isinstance(part, list):
            behind = "" if _is_name(parts[:place]) else " "
            words.append(f"{behind}({_spelt(part)})")
        else:
            words.append(part if part in (",", "[", "]") or words[-1:] == ["["] else f" {part}")
    return "".join(words).strip()
