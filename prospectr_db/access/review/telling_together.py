"""What has one cause is told once: commands, values, places that alone tell sentences apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from prospectr_db.access.matrix.finding import IDLE_GRANT, OUTSIDE
from prospectr_db.access.review.phrases import joined, on_rows
from prospectr_db.access.review.told import Told, Words, merged

__all__ = ["together"]

Slot = Callable[[Told], tuple[str, str, str] | None]
"""Returns the words before and after what differs, and that; None where it tells something else."""

_CAN = re.compile(r"(.*? can (?:now |no longer )?)(.*)", re.DOTALL)
_STATE = re.compile(r"(.* where (?:[\w.]+\.)?\w+=)([^,=;:()]+)(\.)", re.DOTALL)
_ORACLE = re.compile(r"(.* whether a value of )(.*)( exists on rows .*)", re.DOTALL)
_FILES = re.compile(r"(.* files? (?:\w+ )*(?:in|to) )(\S+/\S+)(\.)", re.DOTALL)
_HOLDS = re.compile(r"(\S+ (?:now|no longer) ).*?: (.*)\.", re.DOTALL)
_WHAT = {IDLE_GRANT: "holds grants that no policy uses", OUTSIDE: "has what policies do not govern"}


def together(told: Iterable[Told]) -> Iterator[Told]:
    """Yield the sentences, those of one cause as one; each where the first of them stood."""
    found = _merged(told, lambda one: (one.sentence, "", ""), "and")
    found = _merged(found, _commands, "and")
    found = _merged(found, _matching(_STATE, "contract-leak", "contract-loss"), "or")
    found = _merged(found, _matching(_FILES, "contract-leak", "contract-loss"), "and")
    found = _merged(found, _matching(_ORACLE, "oracle"), "or")
    return _merged(found, _held, "; ")


def _merged(told: Iterable[Told], slot: Slot, word: str) -> Iterator[Told]:
    """Merge the sentences about one relation that differ in one place."""

    def split(one: Told) -> tuple[Words, Words] | None:
        found = slot(one)
        return None if found is None else ((found[0], found[2], one.relation), (found[1],))

    def say(frame: Words, parts: Sequence[Words]) -> str:
        items = [item for (item,) in parts]
        said = word.join(items) if word == "; " else joined(items, word=word)
        return f"{frame[0]}{said}{frame[1]}"

    return merged(told, split, say)


def _matching(pattern: re.Pattern[str], *rules: str) -> Slot:
    def slot(one: Told) -> tuple[str, str, str] | None:
        found = pattern.fullmatch(one.sentence) if one.rule in rules else None
        return None if found is None else (found[1], found[2], found[3])

    return slot


def _commands(one: Told) -> tuple[str, str, str] | None:
    """Take what somebody can do out of a sentence that ends with the rows."""
    tail = f" {on_rows(one.findings[0].rows)}."
    found = _CAN.fullmatch(one.sentence.removesuffix(tail))
    if found is None or not one.sentence.endswith(tail) or not one.findings[0].rows:
        return None
    return found[1], found[2], tail


def _held(one: Told) -> tuple[str, str, str] | None:
    """Take out what a table holds, or no longer does, beside its policies."""
    found = _HOLDS.fullmatch(one.sentence) if one.rule in _WHAT else None
    return None if found is None else (f"{found[1]}{_WHAT[one.rule]}: ", found[2], ".")
