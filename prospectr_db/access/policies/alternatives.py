"""Which alternatives an expression lets somebody in by, whatever form they are written in.

Of a filter only what is true matters: nobody is let in by what is false or unknown. So one is the
same as its alternatives, of each of which every part must hold, and a sub-select by IN, by ``=`` or
by EXISTS says that there are rows, be its tables joined or nested.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from prospectr_db.access.policies.alternative_parts import (
    Alternative,
    bare,
    nested,
    ordered,
    without_spare,
)
from prospectr_db.access.policies.joins import must_have_rows, read_joins
from prospectr_db.access.policies.spelling import DEFINER, Tree, parsed, said, sides, stripped

__all__ = ["alternatives"]

_MOST = 24
_OTHER_QUERIES = frozenset({"GROUP", "HAVING", "UNION", "EXCEPT", "INTERSECT", "WITH", "OFFSET"})
_AGGREGATES = frozenset(
    {"count", "max", "min", "sum", "avg", "bool_and", "every", "array_agg", "string_agg"}
)
_TEXT = r"'(?:[^']|'')*'"
_LISTED = re.compile(rf"(.+?) (= ANY|<> ALL) \(ARRAY ?\[({_TEXT}(?:, {_TEXT})*)\]\)")


@lru_cache(maxsize=4096)
def alternatives(expression: str) -> frozenset[Alternative]:
    """Return the alternatives of an expression as `policy_spelling.spelt` says it.

    One that has too many is one alternative with itself as its only part.
    """
    try:
        found = _alternatives(parsed(expression), definer=False)
    except _TooManyError:
        return frozenset({frozenset({expression})})
    return frozenset(frozenset(without_spare(parts)) for parts in found)


class _TooManyError(Exception):
    """There are more alternatives than are worth telling apart."""


def _alternatives(node: Tree, *, definer: bool) -> list[Alternative]:
    node = stripped(node)
    words = {part for part in node if isinstance(part, str)}
    if "SELECT" in words:
        return _rows(node, definer=definer, told=_itself)
    if "OR" in words:
        found = [p for side in sides(node, "OR") for p in _alternatives(side, definer=definer)]
        return _few(found)
    if "AND" in words and "BETWEEN" not in words:
        each = [_alternatives(side, definer=definer) for side in sides(node, "AND")]
        return _all_of(each)
    return _single(node, definer=definer)


def _all_of(each: Sequence[Sequence[Alternative]]) -> list[Alternative]:
    count = 1
    for some in each:
        count *= len(some)
        if count > _MOST:
            raise _TooManyError
    return [frozenset().union(*parts) for parts in itertools.product(*each)]


def _few(found: list[Alternative]) -> list[Alternative]:
    if len(found) > _MOST:
        raise _TooManyError
    return found


def _single(node: Tree, *, definer: bool) -> list[Alternative]:
    """Return the alternatives of what no AND and no OR puts together."""
    match node:
        case [word, list() as inner] if word == DEFINER:
            return _alternatives(inner, definer=True)
        case ["bool_or", list() as inner]:
            return _alternatives(inner, definer=definer)
        case ["NOT", *rest]:
            return _negated(rest, definer=definer)
        case [*rest, "IS", "TRUE"] | [*rest, "=", "true"] | ["true", "=", *rest]:
            return _alternatives(rest, definer=definer)
        case [*rest, "IS", "FALSE"] | [*rest, "=", "false"] | ["false", "=", *rest]:
            return _negated(rest, definer=definer)
        case ["COALESCE", list() as inner] if first := _or_false(inner):
            return _alternatives(first, definer=definer)
        case ["CASE", "WHEN", *_]:
            return _case(node, definer=definer)
        case _:
            return _asked(node, definer=definer) or _leaf(node)


def _asked(node: Tree, *, definer: bool) -> list[Alternative]:
    """Return the alternatives of a query that must have rows; none where it is no such thing."""
    match node:
        case ["EXISTS", list() as inner] if not _counts(inner):
            return _rows(inner, definer=definer, told=_nothing)
        case [list() as inner, ">", "0"] | ["0", "<", list() as inner] if _counts(inner):
            return _rows(inner, definer=definer, told=_nothing)
        case (
            [*left, "IN", ["SELECT", *inner]]
            | [*left, "=", "ANY", ["SELECT", *inner]]
            | [*left, "=", "ANY", "ARRAY", ["SELECT", *inner]]
        ) if left:
            told = _equal([_one(left)])
            return _rows(["SELECT", *inner], definer=definer, told=told, once=False)
        case [*left, "=", ["SELECT", *inner]]:
            return _rows(["SELECT", *inner], definer=definer, told=_equal([_one(left)]))
        case [["SELECT", *inner], "=", *right]:
            return _rows(["SELECT", *inner], definer=definer, told=_equal(right))
        case _:
            return []


def _leaf(node: Tree) -> list[Alternative]:
    text = said(node)
    if found := _LISTED.fullmatch(text):
        listed, values = bare(found[1]), re.findall(_TEXT, found[3])
        if found[2] == "= ANY":
            return _few([frozenset({ordered(f"{listed} = {value}")}) for value in values])
        return [frozenset(f"{listed} <> {value}" for value in values)]
    return [frozenset({ordered(text)})]


def _negated(node: Tree, *, definer: bool) -> list[Alternative]:
    """Return the alternatives of what must be false."""
    node = stripped(node)
    words = {part for part in node if isinstance(part, str)}
    if "SELECT" not in words and "OR" in words:
        return _all_of([_negated(side, definer=definer) for side in sides(node, "OR")])
    if "SELECT" not in words and "AND" in words and "BETWEEN" not in words:
        found = [p for side in sides(node, "AND") for p in _negated(side, definer=definer)]
        return _few(found)
    text = said(node)
    match node:
        case ["NOT", *rest]:
            return _alternatives(rest, definer=definer)
        case ["EXISTS", list() as inner]:
            found = _rows(inner, definer=definer, told=_nothing)
            some = (" AND ".join(sorted(map(str, parts))) for parts in found)
            return [frozenset(f"NOT {said}" for said in some)]
        case [*rest, "IS", "NULL"]:
            return [frozenset({f"{said(rest)} IS NOT NULL"})]
        case [*rest, "IS", "NOT", "NULL"]:
            return [frozenset({f"{said(rest)} IS NULL"})]
        case [_, "=", str() as right] if right not in ("ANY", "ALL"):
            return [frozenset({text.replace(" = ", " <> ", 1)})]
        case [_, "<>", str() as right] if right not in ("ANY", "ALL"):
            return [frozenset({ordered(text.replace(" <> ", " = ", 1))})]
        case _:
            pass
    if listed := _LISTED.fullmatch(text):
        other = "<> ALL" if listed[2] == "= ANY" else "= ANY"
        return _leaf(parsed(f"{listed[1]} {other} (ARRAY[{listed[3]}])"))
    rights = f"{DEFINER} " if definer and "SELECT" in text else ""
    return [frozenset({f"NOT {rights}{text}"})]


def _case(node: Tree, *, definer: bool) -> list[Alternative]:
    """Return the alternatives of CASE with conditions of its own, one after the other."""
    places = [p for p, part in enumerate(node) if part in ("WHEN", "THEN", "ELSE", "END")]
    words = [str(node[p]) for p in places]
    branches = (len(words) - 1) // 2
    if words not in (["WHEN", "THEN"] * branches + last for last in (["END"], ["ELSE", "END"])):
        return _leaf(node)
    if places[-1] + 1 != len(node):
        return _leaf(node)
    parts = [node[start + 1 : end] for start, end in itertools.pairwise(places)]
    otherwise: Tree = parts.pop() if "ELSE" in words else ["false"]
    found = _alternatives(otherwise, definer=definer)
    for when, then in reversed(list(zip(parts[::2], parts[1::2], strict=True))):
        found = _branch(when, then, found, definer=definer)
    return found


def _branch(
    when: Tree, then: Tree, otherwise: list[Alternative], *, definer: bool
) -> list[Alternative]:
    """Return the alternatives of one condition of CASE, before what comes after it."""
    first = _all_of([_alternatives(part, definer=definer) for part in (when, then)])
    if then == ["true"]:
        not_so = [Alternative()]  # whoever it is true of is let in already
    elif _is_known(when):
        not_so = _negated(when, definer=definer)
    else:
        not_so = [frozenset({f"({said(when)}) IS NOT TRUE"})]
    second = _all_of([not_so, otherwise])
    return _few([parts for parts in (*first, *second) if "false" not in parts])


def _is_known(node: Tree) -> bool:
    """Whether a condition is true or false, and never unknown."""
    node = stripped(node)
    for word in ("OR", "AND"):
        if word in node and "SELECT" not in node:
            return all(map(_is_known, sides(node, word)))
    match node:
        case ["EXISTS", list()] | [*_, "IS", "NULL"] | [*_, "IS", "NOT", "NULL"]:
            return True
        case ["NOT", *rest]:
            return _is_known(rest)
        case [called, list() as inner] if called == DEFINER:
            return _is_known(inner)
        case _:
            return False


def _or_false(arguments: Tree) -> Tree | None:
    """Return what stands before ``, false``, where nothing else does."""
    if len(arguments) < 2 or arguments[-1] != "false":
        return None
    last = str(arguments[-2]) if isinstance(arguments[-2], str) else ""
    found = [*arguments[:-2], *([last[:-1]] if last[:-1] else [])]
    several = any(isinstance(part, str) and part.endswith(",") for part in found)
    return found if last.endswith(",") and not several else None


def _counts(node: Tree) -> bool:
    """Whether a query answers with how many rows there are."""
    return node[:3] == ["SELECT", "count", ["*"]] and "FROM" in node


_Told = Callable[[Tree], Tree | None]
"""What must hold of that with which a query answers; None where nothing must."""


def _nothing(_: Tree) -> Tree | None:
    return None


def _itself(target: Tree) -> Tree | None:
    return target


def _equal(other: Tree) -> _Told:
    return lambda target: [_one(target), "=", *other]


def _one(node: Tree) -> object:
    return node[0] if len(node) == 1 else node


def _rows(node: Tree, *, definer: bool, told: _Told, once: bool = True) -> list[Alternative]:
    """Return the alternatives of a query that must have rows; ``once`` is one of a single row."""
    words = [part for part in node if isinstance(part, str)]
    cut = [node.index(word) if word in words else len(node) for word in ("FROM", "WHERE", "LIMIT")]
    ends = sorted(place for place in (*cut, len(node)))
    tables: list[str] = []
    where = node[cut[1] + 1 : next(e for e in ends if e > cut[1])] if cut[1] < len(node) else []
    conditions: list[Tree] = [where] if where else []
    target = [part for part in node[1 : cut[0]] if part != "DISTINCT"]
    wanted = told(target[:-2] if target[-2:-1] == ["AS"] else target)
    there = frozenset(must_have_rows((*conditions, *([wanted] if wanted else []))))
    plain = (
        words[:1] == ["SELECT"]
        and "FROM" in words
        and not _OTHER_QUERIES & set(words)
        and (once or "LIMIT" not in words)
        and read_joins(node[cut[0] + 1 : ends[ends.index(cut[0]) + 1]], tables, conditions, there)
        and len(set(tables)) == len(tables)
        and (_counts(node) or not _AGGREGATES & {*map(str, node[1 : cut[0]])})
    )
    if not plain:
        rights = f"{DEFINER} " if definer else ""
        return [frozenset({f"{rights}{said(node)} {said(told([]) or [])}".strip()})]
    each = [
        _alternatives(condition, definer=definer)
        for condition in (*conditions, *([wanted] if wanted is not None else []))
    ]
    return [nested(frozenset(tables), parts, definer=definer) for parts in _all_of(each)]
