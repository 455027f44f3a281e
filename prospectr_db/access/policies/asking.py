"""What a condition asks at once: the caller's own row and its state, or two states of one row."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from prospectr_db.access.policies.decisions import Text, helper_functions, mentioned_by
from prospectr_db.access.policies.expressions import COMMENT, EQUALS, normalise, with_caller
from prospectr_db.access.policies.spelling import Tree, as_text, parsed
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
            for pair in mentioned_by(catalog, function) if function.argument_types else ():
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
        relation ``beside`` do not count, nor does what asks for one row by its key: whether an
        offer was accepted that an order names says nothing of who made it.
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
            if _picks_one(text, relation, users):
                continue
            if ask_at_once(text, asked.search, lambda said: mine.search(normalise(said))):
                return True
        own = set() if beside is None else {beside}
        called = self._told.get((relation.oid, name), ())
        return any(self._handing.get(function, set()) - own for function in called)


_FROM = r"(?:\bfrom|\bjoin|,)\s+\(*(?:only\s+)?(?:\"?\w+\"?\.)?\"?(\w+)\"?"
_NAMED = re.compile(rf"{_FROM}(?:\s+(?:as\s+)?(?!(?:where|join|on|using|order)\b)(\w+))?", re.I)


def _picks_one(text: str, relation: Relation, users: Collection[str]) -> bool:
    """Whether a text asks for one row of a table by its key, which something hands to it.

    Not where the key holds the user, nor where it is compared with a table that the text reads too.
    """
    key = relation.primary_key
    if len(key) != 1 or key[0] in users:
        return False
    plain = with_caller(COMMENT.sub("", text))
    tables = [(table, alias or table) for table, alias in _NAMED.findall(plain)]
    here = {alias for table, alias in tables if table == relation.name}
    read = {alias for _, alias in tables}
    column = rf"(?<![\w.])(?:(\w+)\.)?{re.escape(key[0])}"
    value = r"(?:(\w+)\.)?\w+\b(?!\s*\()"
    sides = re.findall(rf"{column} = \(*{value}", plain)
    sides += [(b, a) for a, b in re.findall(rf"(?<![\w.@']){value} = {column}\b", plain)]
    return any(
        (mine in here or (not mine and read == here)) and other not in read for mine, other in sides
    )


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
