"""What has one cause in several tables or functions is told once, with all their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from prospectr_db.access.matrix.finding import (
    IDLE_POLICY,
    ORACLE,
    RECURSION,
    SEARCH_PATH,
    UNEXPOSED,
)
from prospectr_db.access.review.phrases import joined
from prospectr_db.access.review.told import Told

__all__ = ["across", "named"]

_MOST_NAMED = 6
_ENDLESS = re.compile(r"(.*: statements on )(\S+)( fail\.)", re.DOTALL)
_LOOSE = re.compile(r"(.+?) has (its owner's rights and no search_path of its own: .*)")
_EXISTS = re.compile(r"(.* whether a )value( of )(.*)( exists on rows .*?): .*", re.DOTALL)
_UNGRANTED = ": no role of the API is granted it."


def across(told: Iterable[Told]) -> Iterator[Told]:
    """Yield the sentences, those of one cause as one; each where the first of them stood."""
    found = _grouped(told, _endless)
    found = _grouped(found, _loose)
    found = _grouped(found, _oracle)
    return _ungranted(list(found))


def named(names: Sequence[str], kind: str = "tables", *, word: str = "and") -> str:
    """Return names as a list in a sentence; of many only the first ones."""
    if len(names) <= _MOST_NAMED:
        return joined(names, word=word)
    return f"{len(names)} {kind} ({', '.join(names[: _MOST_NAMED - 2])} …)"


_Part = tuple[str, str]
"""What makes sentences one, and the name that alone tells them apart."""
_Rule = Callable[[Told], tuple[_Part, Callable[[Sequence[str]], str]] | None]


def _grouped(told: Iterable[Told], rule: _Rule) -> Iterator[Told]:
    groups: dict[object, list[tuple[Told, str]]] = {}
    saying: dict[object, Callable[[Sequence[str]], str]] = {}
    for number, one in enumerate(told):
        found = rule(one)
        key: object = number if found is None else (one.kind, one.severity, found[0][0])
        groups.setdefault(key, []).append((one, found[0][1] if found else ""))
        if found is not None:
            saying[key] = found[1]
    for key, group in groups.items():
        if len(group) == 1:
            yield group[0][0]
            continue
        names = list(dict.fromkeys(name for _, said in group for name in said.split(" or ")))
        yield Told(saying[key](names), tuple(f for one, _ in group for f in one.findings))


def _endless(one: Told) -> tuple[_Part, Callable[[Sequence[str]], str]] | None:
    found = _ENDLESS.fullmatch(one.sentence) if one.rule == RECURSION else None
    if found is None:
        return None
    return (found[1], found[2]), lambda names: f"{found[1]}{joined(names)}{found[3]}"


def _loose(one: Told) -> tuple[_Part, Callable[[Sequence[str]], str]] | None:
    found = _LOOSE.fullmatch(one.sentence) if one.rule == SEARCH_PATH else None
    if found is None:
        return None
    said = found[2].replace("its own", "their own").replace("its owner's", "their owner's")
    said = said.replace("what its names", "what their names")
    return (said, found[1]), lambda names: f"{named(names, 'functions')} have {said}"


def _oracle(one: Told) -> tuple[_Part, Callable[[Sequence[str]], str]] | None:
    """Take the columns out of what nobody can use: he would have to guess a random uuid."""
    found = _EXISTS.fullmatch(one.sentence) if one.rule == ORACLE else None
    if found is None or one.severity != "note":
        return None
    return (
        (found[1] + found[4], found[3]),
        lambda names: (
            f"{found[1]}uuid{found[2]}{named(names, 'columns', word='or')}{found[4]}, "
            "if they guess it."
        ),
    )


def _ungranted(told: Sequence[Told]) -> Iterator[Told]:
    """Tell that nothing is granted instead of every policy that is in vain because of it."""
    cause = next((one for one in told if one.rule == UNEXPOSED), None)
    vain = [one for one in told if one.rule == IDLE_POLICY and one.sentence.endswith(_UNGRANTED)]
    if cause is None or not vain:
        yield from told
        return
    tables = named(list(dict.fromkeys(one.relation for one in vain)))
    findings = tuple(finding for one in (*vain, cause) for finding in one.findings)
    for one in told:
        if one is vain[0]:
            yield Told(f"{cause.sentence} Until then policies on {tables} are in vain.", findings)
        elif one is not cause and one not in vain:
            yield one
