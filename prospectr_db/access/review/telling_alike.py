"""Sentences that differ only in the table, or in the columns, are told once with all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from prospectr_db.access.matrix.finding import IDLE_POLICY, ROW_SECURITY
from prospectr_db.access.review.phrases import joined
from prospectr_db.access.review.told import Told, Words, merged

__all__ = ["alike"]

_MOST_NAMED = 20
_HOLE = "\0"
_EVERY = " (every column)"
_OFF = re.compile(r"(Row-level security is (?:now )?off on )(\S+?)([,:] .*)", re.DOTALL)
_VAIN = re.compile(r"(No user that was tried can )(.*?) (\S+), although (.*?) says? (that some .*)")
_LINKED = re.compile(
    r"(.*? can (?:now |no longer )?insert) into (\S+) "
    r"(rows (?:that hang under somebody else's parent|under somebody else's name)) \(([^()]*)\)(.*)"
)
_MOVED = re.compile(
    r"(.*? can move their rows) of (\S+) (under somebody else's) \S+ by updating (.*)\."
)
# Whose sentences may differ in nothing but a table and its columns.
_ALIKE = frozenset(
    {
        "contract-leak",
        "contract-loss",
        "other-rows",
        "orphan",
        "insert-for-others",
        "anonymous-insert",
        "unowned-write",
        "public-read",
        "taken-along",
        "removed-member",
        "power-elsewhere",
        "listed-rows",
        "link-visible",
        "conditional-read",
        "transfer",
        "kept",
    }
)


def alike(told: Iterable[Told]) -> Iterator[Told]:
    """Yield the sentences, those that say the same as one; each where the first of them stood."""
    found = merged(told, _off, lambda frame, parts: f"{frame[0]}{_all(parts)}{frame[1]}")
    found = merged(found, _vain, _say_vain)
    found = merged(found, _linked, lambda f, parts: f"{f[0]} {f[1]} into {_listed(parts)}{f[2]}")
    found = merged(found, _moved, _say_moved)
    return merged(found, _framed, _say_framed)


def _off(one: Told) -> tuple[Words, Words] | None:
    is_off = any(ROW_SECURITY in (finding.rule, finding.cause) for finding in one.findings)
    found = _OFF.fullmatch(one.sentence) if is_off else None
    return None if found is None else ((found[1], found[3]), (found[2],))


def _vain(one: Told) -> tuple[Words, Words] | None:
    found = _VAIN.fullmatch(one.sentence) if one.rule == IDLE_POLICY else None
    return None if found is None else ((found[1], found[3], found[5]), (found[2], found[4]))


def _say_vain(frame: Words, parts: Sequence[Words]) -> str:
    commands = joined([command for command, _ in parts], word="or")
    policies = list(dict.fromkeys(policy for _, policy in parts))
    verb = "say" if len(policies) > 1 else "says"
    return f"{frame[0]}{commands} {frame[1]}, although {joined(policies)} {verb} {frame[2]}"


def _linked(one: Told) -> tuple[Words, Words] | None:
    found = _LINKED.fullmatch(one.sentence)
    return None if found is None else ((found[1], found[3], found[5]), (found[2], found[4]))


def _moved(one: Told) -> tuple[Words, Words] | None:
    found = _MOVED.fullmatch(one.sentence)
    return None if found is None else ((found[1], found[3]), (found[2], found[4]))


def _say_moved(frame: Words, parts: Sequence[Words]) -> str:
    these = "this column" if len(parts) == 1 else "these columns"
    return f"{frame[0]} of {_listed(parts)} {frame[1]} by updating {these}."


def _listed(parts: Sequence[Words]) -> str:
    """Return tables with their columns: ``orders (user_id) and moves (from_id, to_id)``."""
    columns: dict[str, list[str]] = {}
    for table, column in parts:
        columns.setdefault(table, []).append(column)
    return _all([(f"{table} ({', '.join(names)})",) for table, names in columns.items()])


def _all(parts: Sequence[Words]) -> str:
    """Return what is told apart as a list; of very many not the last ones."""
    names = list(dict.fromkeys(name for part in parts for name in part))
    more = len(names) - _MOST_NAMED
    return joined([*names[:_MOST_NAMED], f"{more} more"] if more > 1 else names)


def _framed(one: Told) -> tuple[Words, Words] | None:
    """Take a table out of a sentence wherever it stands, with its columns."""
    tables = {finding.relation for finding in one.findings}
    if one.rule not in _ALIKE or len(tables) != 1 or not re.fullmatch(r"[\w.]+", one.relation):
        return None
    name = rf"(?<![\w.]){re.escape(one.relation)}"
    column = rf"{name}\.\w+(?: \+ \w+)*"
    taken = re.compile(
        rf"{column}(?:, {column})*(?: and \d+ more columns?)?(?![\w=.])"
        rf"|{name}(?:{re.escape(_EVERY)})?(?![\w.=])"
    )
    frame = taken.sub(_HOLE, one.sentence)
    return (
        (tuple(frame.split(_HOLE)), tuple(taken.findall(one.sentence))) if _HOLE in frame else None
    )


def _say_framed(frame: Words, parts: Sequence[Words]) -> str:
    """Put the tables of all sentences into each place of theirs."""
    filled = [_in_place([part[place] for part in parts]) for place in range(len(frame) - 1)]
    same = _same_tables(filled)
    if same is not None and len(filled) > 1:
        # delete a and b, read a and b (every column) on …: the tables once, behind all verbs
        head, *between, tail = frame
        return f"{head.rstrip()}{''.join(b.rstrip() for b in between)} {same}{tail}"
    return "".join(text for pair in zip(frame, (*filled, ""), strict=True) for text in pair)


def _in_place(objects: Sequence[str]) -> str:
    whole = all(name.endswith(_EVERY) for name in objects)
    said = [name.removesuffix(_EVERY) if whole else name for name in objects]
    if any(", " in name for name in said):
        said = [_with_columns(name) for name in said]
    return f"{_all([(name,) for name in said])}{_EVERY if whole else ''}"


def _with_columns(name: str) -> str:
    """Return ``notes.title, notes.body and 2 more columns`` as ``notes (title, body and 2 …)``."""
    table, dot, _ = name.partition(".")
    return f"{table} ({name.replace(f'{table}{dot}', '')})" if dot else name


def _same_tables(filled: Sequence[str]) -> str | None:
    bare = {name.removesuffix(_EVERY) for name in filled}
    if len(bare) != 1:
        return None
    return f"{bare.pop()}{_EVERY if any(name.endswith(_EVERY) for name in filled) else ''}"
