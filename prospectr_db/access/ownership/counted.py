"""Limits on how many rows a user may have: which tables are counted, and up to how many."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from prospectr_db.access.matrix.row_classes import ROWS_OF
from prospectr_db.access.policies.decisions import functions_behind
from prospectr_db.access.policies.expressions import COMMENT, normalise
from prospectr_db.access.policies.reach import called_functions, trigger_functions
from prospectr_db.database.catalog import Catalog, Function, Relation

__all__ = ["counted_in", "counted_rows"]

_MOST = 100
"""Rows that are made; higher limits are not tried."""
_COUNTS = re.compile(r"\bcount\b|\boffset \d|\bcardinality array\b", re.IGNORECASE)
_COUNT = re.compile(r"\bcount\b.*?\bfrom (?:\w+\.)?(\w+)", re.IGNORECASE)
_HAVING = re.compile(r"\bfrom (?:\w+\.)?(\w+)(?:(?!\bfrom\b)[^;])*\bhaving count\b", re.IGNORECASE)
_FROM = re.compile(r"\b(?:from|join) (?:\w+\.)?(\w+)", re.IGNORECASE)
_SIGN = r"(?<!:)(<=?|>=?|=)"
_AFTER = re.compile(rf"(\+ 1 )?{_SIGN} '?(\d+)\b")
_BEFORE = re.compile(rf"\b(\d+)'? {_SIGN} ")
_OFFSET = re.compile(r"\boffset (\d+)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:\bthen|\belse|\bdefault|:=) '?(\d+)\b", re.IGNORECASE)
_ALONE = re.compile(r"^(?:select|return) (\d+) ?;?$", re.IGNORECASE)
_GIVEN = re.compile(r"(?:^|,)\s*'?(\d+)'?\s*(?=,|$)")


def counted_rows(catalog: Catalog, relation: Relation) -> dict[str, tuple[str, ...]]:
    """Return how many rows of which tables matter to new rows of a relation.

    By what the policies about new rows count, their functions, and the triggers.
    """
    policies = [p for p in relation.policies if p.command in ("insert", "all")]
    functions, afterwards = functions_behind(catalog, policies), set[int]()
    late = {t.function for t in relation.triggers if " AFTER " in t.definition}
    for function in trigger_functions(catalog, relation):
        run = {f.oid: f for f in (function, *called_functions(catalog, function))}
        functions |= run
        afterwards |= run.keys() if function.oid in late else set()
    texts = [*(p.text for p in policies), *(t.definition for t in relation.triggers)]
    return counted_in(catalog, functions.values(), texts, afterwards)


def counted_in(
    catalog: Catalog,
    functions: Collection[Function],
    texts: Iterable[str] = (),
    afterwards: Collection[int] = (),
) -> dict[str, tuple[str, ...]]:
    """Return the rows that are counted, as ``rows of todos``, with how many of them matter.

    A limit is a number beside a count: where `count(*) < 3` ends is where `2 >= count(*)` does.
    One that stands elsewhere, such as in a variable, is tried with one more, too: nothing says on
    which side it is allowed. What runs ``afterwards``, such as a trigger, counts the new row.
    """
    said = [(text, 0) for text in texts]
    said += [(COMMENT.sub(" ", f.source), int(f.oid in afterwards)) for f in functions]
    names = {f.name for f in functions if _COUNTS.search(normalise(f.source))}
    names |= {f.name for f in functions if names & set(re.findall(r"\w+", f.source))}
    ends = {n - added for text, added in said for n in (*_ends(text), *_given(text, names))}
    numbers = tuple(str(n) for n in sorted(ends) if 1 < n <= _MOST)
    tables = {r.name for r in catalog.own_relations if r.is_table}
    found = {name for text, _ in said for name in _tables(normalise(text), tables)}
    return {f"{ROWS_OF}{table}": numbers for table in sorted(found) if numbers}


def _tables(text: str, tables: Collection[str]) -> set[str]:
    """Return whose rows a text counts; those of all that it reads, where it counts a sub-select."""
    if not _COUNTS.search(text):
        return set()
    counted = {*_COUNT.findall(text), *_HAVING.findall(text)}.intersection(tables)
    return counted or {*_FROM.findall(text)}.intersection(tables)


def _ends(text: str) -> Iterator[int]:
    """Yield at how many rows comparisons begin to hold, or cease to."""
    plain = normalise(text)
    for one_added, sign, number in _AFTER.findall(plain):
        yield int(number) + (sign in ("<=", ">")) - bool(one_added)
    for number, sign in _BEFORE.findall(plain):
        yield int(number) + (sign in ("<", ">="))
    yield from (int(number) + 1 for number in _OFFSET.findall(plain))
    yield from _either_way((_ELSEWHERE if _COUNTS.search(plain) else _ALONE).findall(plain))


def _given(text: str, names: Collection[str]) -> Iterator[int]:
    """Yield the numbers that are given to functions that count, of these ``names``."""
    inner = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*"
    called = rf"\b(?:{'|'.join(map(re.escape, names))})\(({inner})\)"
    for given in re.findall(called, text) if names else ():
        yield from _either_way(_GIVEN.findall(re.sub(r"::\w+", "", given)))


def _either_way(numbers: Iterable[str]) -> Iterator[int]:
    yield from (n for number in numbers if int(number) > 1 for n in (int(number), int(number) + 1))
