"""How a contract keeps its shape when it is written again: order, comments, lines as they were."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

__all__ = ["keep_layout", "key_lines"]

_Path = tuple[str, ...]


@dataclass(slots=True, eq=False)
class _Item:
    """A key with its value as it stands in the file, and the lines above it."""

    path: _Path
    lead: list[str]
    lines: list[str]
    value: Any


@dataclass(slots=True, eq=False)
class _Block:
    """A section: the lines above its header, the header, its keys. The first one has no header."""

    path: _Path
    lead: list[str]
    header: str | None
    items: list[_Item] = field(default_factory=list)


_Part = TypeVar("_Part", _Block, _Item)


def keep_layout(text: str, previous: str) -> str:
    """Return a rendered contract in the order of the previous one, with its comments.

    A key whose value did not change stays to the letter. What is new comes after what precedes it
    in ``text``. The comments of a section or key that is gone go with it. ``previous`` is TOML.
    """
    if not previous.strip():
        return text
    old, tail = _blocks(previous)
    new, _ = _blocks(text)
    known = {block.path: block for block in old}
    said = {line.strip() for line in previous.splitlines()}
    for block in new:
        block.lead = _unsaid(block.lead, said)
        for item in block.items:
            item.lead = _unsaid(item.lead, said)
    blocks = _ordered(new, [block.path for block in old])
    lines: list[str] = []
    for block in blocks:
        before = known.get(block.path)
        lead = block.lead if before is None else before.lead
        if lines and block.header is not None and not any(not line.strip() for line in lead):
            lines.append("")  # sections are a line apart
        lines += lead
        if block.header is not None:
            lines.append(block.header if before is None else before.header or block.header)
        lines += _items(block, before)
    return "\n".join([*lines, *tail]).strip("\n") + "\n"


def _unsaid(lead: Sequence[str], said: set[str]) -> list[str]:
    """Leave out the comments that the previous contract has already."""
    return [line for line in lead if not line or line not in said]


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the 1-based line of each section and key; the path of a key has its section's."""
    found: dict[tuple[str, ...], int] = {}
    number = 0
    blocks, _ = _blocks(text)
    for block in blocks:
        number += len(block.lead)
        if block.header is not None:
            number += 1
            found[block.path] = number
        for item in block.items:
            number += len(item.lead)
            found[(*block.path, *item.path)] = number + 1
            number += len(item.lines)
    return found


def _items(block: _Block, before: _Block | None) -> Iterator[str]:
    known = {item.path: item for item in before.items} if before else {}
    for item in _ordered(block.items, list(known)):
        old = known.get(item.path)
        if old is None:
            yield from (*item.lead, *item.lines)
        elif _same(old.value, item.value):
            yield from (*old.lead, *old.lines)
        else:
            yield from old.lead
            yield from _comments_within(old)
            yield from _with_comment(item.lines, _comment_behind(old))


def _same(old: Any, new: Any) -> bool:
    """Whether two values say the same: the order of columns is a matter of taste."""
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and sorted(map(repr, old)) == sorted(map(repr, new))
    return type(old) is type(new) and bool(old == new)


def _ordered(new: Sequence[_Part], order: Iterable[_Path]) -> list[_Part]:
    """Return what there is in the order it had; what is new after what it came after."""
    places = {path: place for place, path in enumerate(order)}
    found = sorted((part for part in new if part.path in places), key=lambda p: places[p.path])
    for place, part in enumerate(new):
        if part.path not in places:
            after = found.index(new[place - 1]) + 1 if place else 0
            found.insert(after, part)
    return found


def _comments_within(item: _Item) -> list[str]:
    """Return the comments inside a list that is written anew: they go above it."""
    inside = item.lines[1:-1] if len(item.lines) > 2 else []
    return [comment for line in inside if (comment := _split_comment(line)[1])]


def _comment_behind(item: _Item) -> str:
    return _split_comment(item.lines[-1])[1]


def _with_comment(lines: Sequence[str], comment: str) -> list[str]:
    return [*lines[:-1], f"{lines[-1]}  {comment}"] if comment else list(lines)


def _split_comment(line: str) -> tuple[str, str]:
    """Split off a comment that is outside quotes."""
    quote = ""
    place = 0
    while place < len(line):
        letter = line[place]
        if quote == '"' and letter == "\\":
            place += 1
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#":
            return line[:place].rstrip(), line[place:].rstrip()
        place += 1
    return line.rstrip(), ""


def _blocks(text: str) -> tuple[list[_Block], list[str]]:
    """Cut a contract into sections and keys; the last lines belong to nothing."""
    blocks = [_Block((), [], None)]
    waiting: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        bare = line.strip()
        if not bare or bare.startswith("#"):
            waiting.append(line.rstrip())
        elif bare.startswith("["):
            blocks.append(_Block(_header(bare), waiting, line.rstrip()))
            waiting = []
        else:
            path, value, whole = _assignment(line, lines)
            blocks[-1].items.append(_Item(path, waiting, whole, value))
            waiting = []
    return [block for block in blocks if block.header is not None or block.items], waiting


def _header(line: str) -> _Path:
    found: Any = tomllib.loads(line)
    path: list[str] = []
    while found:
        key, found = next(iter(found.items()))
        path.append(key)
    return tuple(path)


def _assignment(first: str, rest: Iterator[str]) -> tuple[_Path, Any, list[str]]:
    """Read a key and its value, which may go on for several lines."""
    whole = [first.rstrip()]
    document: Any = None
    while document is None:
        try:
            document = tomllib.loads("\n".join(whole))
        except tomllib.TOMLDecodeError:
            whole.append(next(rest).rstrip())
    path = _key(first)
    for key in path:
        document = document[key]
    return path, document, whole


def _key(line: str) -> _Path:
    """Return the key before the equals sign, which may be quoted and dotted."""
    for place, letter in enumerate(line):
        if letter == "=":
            try:
                return _header(f"[{line[:place].strip()}]")
            except tomllib.TOMLDecodeError:
                continue  # this one is inside a quoted key
    return ()
