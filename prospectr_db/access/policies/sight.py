"""The sides of a policy, condition by condition, and which states of rows each of these can see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from prospectr_db.access.policies.decisions import helper_functions
from prospectr_db.access.policies.spelling import Tree, as_text, parsed, sides, stripped
from prospectr_db.database.catalog import Catalog, Policy

__all__ = ["Condition", "Sight"]

_WORD = re.compile(r"\w+")
_CALLER = frozenset({"uid", "jwt", "current_setting"})
_LEVELS = 3
"""How far a condition is followed: to a helper, from there to a table, to the policy on that."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a policy asks besides other things, and the states by their names that it can see.

    It may ask for its caller as well: then most are kept out by who they are, whatever the states.
    """

    text: str
    states: tuple[str, ...]
    for_caller: bool


@dataclass
class Sight:
    """What conditions can see, each looked through once for all users."""

    catalog: Catalog
    _words: dict[str, frozenset[str]] = field(default_factory=dict)

    def sides_of(self, policy: Policy, states: Sequence[str]) -> Iterator[list[Condition]]:
        """Yield the sides of a policy's OR about rows, each as what it joins by AND.

        A state is seen where its column, and its table if that is another, is named in a condition
        or behind it. What sees no state at all comes first and as one.
        """
        for side in _split(parsed(policy.using or ""), "OR"):
            texts = list(map(as_text, _split(side, "AND")))
            seen = {text: tuple(self._seen(text, states)) for text in texts}
            blind = [text for text in seen if not seen[text]]
            first = [Condition(") and (".join(blind), (), for_caller=True)] if blind else []
            yield [
                *first,
                *(
                    Condition(text, found, for_caller=not self._behind(text).isdisjoint(_CALLER))
                    for text, found in seen.items()
                    if found
                ),
            ]

    def _seen(self, text: str, states: Iterable[str]) -> Iterator[str]:
        words = self._behind(text)
        for state in states:
            columns = (one.partition("=")[0] for one in state.split(", "))
            if words.issuperset(_WORD.findall(" ".join(columns))):
                yield state

    def _behind(self, text: str) -> frozenset[str]:
        """Return the words in a text and behind it."""
        if text not in self._words:
            words = set(_WORD.findall(text))
            for _ in range(_LEVELS):
                words = words.union(*(self._said.get(word, ()) for word in words))
            self._words[text] = frozenset(words)
        return self._words[text]

    @cached_property
    def _said(self) -> dict[str, set[str]]:
        """The words behind the name of a helper, or of a table: those of the policies on it."""
        said: dict[str, set[str]] = {}
        for function in helper_functions(self.catalog).values():
            said.setdefault(function.name, set()).update(_WORD.findall(function.source))
        for relation in self.catalog.own_relations:
            for policy in relation.policies:
                if policy.permissive and policy.command in ("select", "all"):
                    said.setdefault(relation.name, set()).update(_WORD.findall(policy.using or ""))
        return said


def _split(node: Tree, word: str) -> Iterator[Tree]:
    """Yield what stands between AND, or OR, in however many parentheses."""
    node = stripped(node)
    found = sides(node, word)
    if len(found) == 1:
        yield node
    else:
        for side in found:
            yield from _split(side, word)
