"""Whether policies let in whom others let in, by what they say: be they split, merged or reordered.

The server joins the conditions of all policies for a command by OR, those on rows and those on new
ones each for themselves. So what policies say is a set of alternatives, and it does not matter
which of them stands in which policy.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from prospectr_db.access.policies.alternative_parts import Alternative, asks_less
from prospectr_db.access.policies.alternatives import alternatives
from prospectr_db.access.policies.spelling import BESIDE

__all__ = ["CONDITIONS", "fingerprints", "is_made_up_for", "is_said", "parts_of"]

_MARK = 6
_SEVERAL = re.compile(r"\b(?:OR|CASE)\b")
_RESTRICTING = ", restricting"
_HEAD = re.compile(r"(\w+) to (.*?)( where .*)?", re.DOTALL)
CONDITIONS = {
    "select": ("using",),
    "insert": ("check",),
    "update": ("using", "check"),
    "delete": ("using",),
}
"""Which conditions a command is held to: those on rows, and those on new ones."""


@dataclass(frozen=True, slots=True)
class Part:
    """One alternative of a policy for one command: of a row (``using``) or a new one (``check``).

    ``beside`` are the functions in it that are held by their own texts.
    """

    command: str
    condition: str
    roles: frozenset[str]
    restricting: bool
    holding: Alternative
    beside: frozenset[str]

    @property
    def mark(self) -> str:
        """A short mark of all that it says."""
        said = (self.command, self.condition, *sorted(self.roles), str(self.restricting))
        text = "\n".join((*said, *sorted(map(str, self.holding)), *sorted(self.beside)))
        return hashlib.sha256(text.encode()).hexdigest()[:_MARK]

    def is_of(self, other: Part) -> bool:
        """Whether it is about the same command and condition, for whomever the other one is for."""
        same = (self.command, self.condition) == (other.command, other.condition)
        roles = "public" in self.roles or other.roles <= self.roles
        return same and roles and not self.restricting and not other.restricting

    def says(self, other: Part) -> bool:
        """Whether whoever comes through the other one comes through this one, and nobody else."""
        return self.is_of(other) and (self.holding, self.beside) == (other.holding, other.beside)

    def lets_in(self, other: Part) -> bool:
        """Whether whoever comes through the other one comes through this one, too."""
        less = asks_less(self.holding, other.holding) and self.beside <= other.beside
        return self.is_of(other) and less


@lru_cache(maxsize=4096)
def parts_of(text: str) -> tuple[Part, ...]:
    """Return the parts of a policy as `policy_spelling.stated` says it."""
    said, *beside = text.split(BESIDE)
    found = _HEAD.fullmatch(said)
    if found is None:
        return ()
    command, who, conditions = found[1], found[2], found[3] or ""
    restricting = who.endswith(_RESTRICTING)
    roles = frozenset(who.removesuffix(_RESTRICTING).split(", "))
    using, checking, check = conditions.removeprefix(" where ").partition(" checking ")
    each = {"using": using, "check": check if checking else using}
    parts: list[Part] = []
    for one in CONDITIONS if command == "all" else (command,):
        for condition in CONDITIONS.get(one, ()):
            # A policy without a condition lets in nobody: the server joins those that there are.
            for holding in alternatives(each[condition]) if each[condition] else ():
                behind = frozenset(_behind(" ".join(map(str, holding)), beside))
                parts.append(Part(one, condition, roles, restricting, holding, behind))
    return tuple(parts)


def is_said(text: str, by: Collection[str], marks: Collection[str] = ()) -> bool:
    """Whether other policies say what a policy does, each part of it somewhere.

    Of further ones the ``marks`` are known only.
    """
    if text in by:
        return True
    others = [part for one in by for part in parts_of(one)]
    return _HEAD.match(text) is not None and all(
        part.mark in marks or any(other.says(part) for other in others) for part in parts_of(text)
    )


def fingerprints(policies: Iterable[str]) -> tuple[str, ...]:
    """Return the marks of the policies that say several alternatives at once, by which they split.

    One that says a single thing is known by what it lets in.
    """
    found: set[str] = set()
    for text in policies:
        conditions: dict[str, list[Part]] = {}
        for part in parts_of(text) if _SEVERAL.search(text) else ():
            conditions.setdefault(part.command, []).append(part)
        for parts in conditions.values():
            if len(parts) > len({part.condition for part in parts}):
                found |= {part.mark for part in parts}
    return tuple(sorted(found))


def is_made_up_for(text: str, by: Collection[str]) -> bool:
    """Whether other policies let in whomever a policy lets in, by what they say themselves."""
    others = [part for one in by for part in parts_of(one)]
    return all(any(other.lets_in(part) for other in others) for part in parts_of(text))


def _behind(text: str, beside: Iterable[str]) -> Iterator[str]:
    """Yield the texts of the functions that are called in a text, and by those in turn."""
    left = {one: one.partition("(")[0].rpartition(".")[2] for one in beside}
    texts = [text]
    while texts:
        said = texts.pop()
        called = [one for one, name in left.items() if _calls(said, name)]
        for one in called:
            del left[one]
            texts.append(one.partition(": ")[2])
            yield one


def _calls(text: str, function: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(function)} ?\(", text) is not None
