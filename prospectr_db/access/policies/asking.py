"""What a condition asks at once: the caller's own row and its state, or two states of one row."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from prospectr_db.access.policies.decisions import (
    Text,
    helper_functions,
    mentions,
)
from prospectr_db.access.policies.expressions import (
    COMMENT,
    EQUALS,
    normalise,
    with_caller,
)
from prospectr_db.access.policies.spelling import (
    Tree,
    as_text,
    parsed,
)
from prospectr_db.database.catalog import Catalog, Relation

__all__ = ["Asking", "ask_at_once"]

# The caller handed to a function, be it behind other arguments.
_HANDED = re.compile(r"\b(\w+)\s+(?:[\w.']+\s*,\s*)*@uid")
_AND = frozenset({"AND", "WHERE", "ON"})


class Asking:
    """What asks about its caller, of some policies and helpers; each text is looked through once.

    ``texts`` are expressions and sources with the columns that each can read, by the relation that
    they are policies of; None for the others.
    """

    def __init__(self, catalog: Catalog, texts: Iterable[tuple[int | None, Text]]) -> None:
        self._reading: dict[tuple[int, str], list[tuple[int | None, str]]] = {}
        self._handing: dict[str, set[int | None]] = {}
        for place, (text, pairs) in texts:
            for pair in pairs:
                self._reading.setdefault(pair, []).append((place, text))
            for name in _HANDED.findall(normalise(text)):
                self._handing.setdefault(name, set()).add(place)
        self._told: dict[tuple[int, str], set[str]] = {}
        for function in helper_functions(catalog).values():
            for pair in mentions(catalog, function.source) if function.argument_types else ():
                self._told.setdefault(pair, set()).add(function.name)

    def about_caller(
        self,
        relation: Relation,
        name: str,
        users: Collection[str],
        *,
        beside: int | None = None,
    ) -> bool:
        """Whether something that reads a column looks up the caller's row, and not another's.

        Both must hold at once: `is_public or id = auth.uid()` asks of any row whether it is public.
        A function may be told whose row it is: then it counts who is handed to it. Policies of the
        relation ``beside`` do not count.
        """
        columns = "|".join(map(re.escape, users))
        mine = re.compile(
            rf"\b(?:{columns})\b{EQUALS}@uid|@uid{EQUALS}(?:\w+\.)*(?:{columns})\b"
            r"|@uid (?:(?i:IN)|= (?i:ANY)) (?i:SELECT) (?:(?i:DISTINCT) )?"
            rf"(?:\w+\.)*(?:{columns})\b"
        )
        asked = re.compile(rf"\b{re.escape(name)}\b")
        for place, text in self._reading.get((relation.oid, name), ()):
            if (place is not None and place == beside) or not mine.search(normalise(text)):
                continue
            if ask_at_once(text, asked.search, lambda said: mine.search(normalise(said))):
                return True
        own = set() if beside is None else {beside}
        called = self._told.get((relation.oid, name), ())
        return any(self._handing.get(function, set()) - own for function in called)


_Asks = Callable[[str], object]
"""Whether a text asks for something."""


def ask_at_once(text: str, one: _Asks, other: _Asks) -> bool:
    """Whether an expression or a function's source asks for two things that must both hold."""
    return _found(parsed(with_caller(COMMENT.sub("", text))), one, other).together


@dataclass(frozen=True, slots=True)
class _Found:
    """Whether a part of an expression asks for one thing, for the other, and for both at once."""

    one: bool
    other: bool
    together: bool


def _found(node: Tree, one: _Asks, other: _Asks) -> _Found:
    """Return what a group asks; of the sides of an OR one is enough: they ask nothing together."""
    sides = _split(node, {"OR"})
    if len(sides) > 1:
        found = [_found(side, one, other) for side in sides]
        together = any(part.together for part in found)
    else:
        sides = _split(node, _AND)
        if len(sides) == 1:
            return _atom(node, one, other)
        found = [_found(side, one, other) for side in sides]
        together = _is_together(found)
    return _Found(any(part.one for part in found), any(part.other for part in found), together)


def _atom(node: Tree, one: _Asks, other: _Asks) -> _Found:
    """Return what a single condition asks, and the sub-selects and calls in it."""
    text = as_text(node)
    inner = [_found(part, one, other) for part in node if isinstance(part, list)]
    own = [bool(asks(text)) for asks in (one, other)]
    own[0] = own[0] and not any(part.one for part in inner)
    own[1] = own[1] and not any(part.other for part in inner)
    found = [_Found(own[0], own[1], all(own)), *inner]
    return _Found(bool(one(text)), bool(other(text)), _is_together(found))


def _is_together(found: list[_Found]) -> bool:
    """Whether some part asks both, or one of them and another part the other."""
    return any(part.together for part in found) or any(
        part.one and another.other
        for place, part in enumerate(found)
        for another in (*found[:place], *found[place + 1 :])
    )


def _split(node: Tree, words: Collection[str]) -> list[Tree]:
    sides: list[Tree] = [[]]
    for part in node:
        if isinstance(part, str) and part.upper() in words:
            sides.append([])
        else:
            sides[-1].append(part)
    return sides
