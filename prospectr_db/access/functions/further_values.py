"""What else an argument may have to be: what a check lists, what it is compared with, a form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from prospectr_db.access.functions.arguments import (
    NUMBERS,
    TEXTS,
    THRESHOLDS,
    as_argument,
    keys_read,
)
from prospectr_db.access.functions.parameter_names import is_like, named_after
from prospectr_db.access.policies.expressions import near
from prospectr_db.access.policies.reach import called_functions, words_of_function
from prospectr_db.access.writing.patterns import matching
from prospectr_db.access.writing.values import candidates, listed_values
from prospectr_db.database.catalog import Column, Function, Relation

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["further_values", "in_turn"]

_Item = TypeVar("_Item")
_MOST = 24
_PATTERN = re.compile(r"!?~\*?\s*E?'((?:[^']|'')*)'")
_ARGUMENT = re.compile(r"'(.*)'::[^']*", re.DOTALL)
# One text of each form that functions ask for: bytes, objects, numbers, dates, addresses, codes.
_FORMS = (
    *("AAAA", "{}", "1", "2030-01-01", "true", "[]", "a@example.com", "https://example.com/a"),
    *("a-1", "1 day", "12:00", "EUR", "en", "10.0.0.1", "+49301234567", "{a}"),
)
_AMOUNTS = ("0", "1", "2", "5", "10", "50", "1000", "0.5", "-1")
_TIMES = ("2020-01-01", "2090-01-01", "12:00", "00:00", "1 hour")


def further_values(
    observation: Observation, function: Function, place: int, current: str
) -> list[str]:
    """Return SQL texts of other arguments for a parameter, the likeliest first.

    Of an object the ``current`` one with another value under one key.
    """
    name, type_name = function.input_names[place], function.argument_types[place]
    inner = type_name.removesuffix("[]")
    if inner in ("json", "jsonb"):
        values = _objects(observation, function, current)
    else:
        values = _of_type(observation, function, name, inner)
    found = [as_argument(value, inner) for value in dict.fromkeys(islice(values, _MOST))]
    return ["".join(("array[", text, "]")) for text in found] if inner != type_name else found


def in_turn(each: Iterable[Iterable[_Item]]) -> Iterator[_Item]:
    """Yield the first of each of several, then the second of each, and so on."""
    lines = [iter(one) for one in each]
    while lines:
        for line in list(lines):
            try:
                yield next(line)
            except StopIteration:
                lines.remove(line)


def _of_type(
    observation: Observation, function: Function, name: str, type_name: str
) -> Iterator[str]:
    if type_name in TEXTS:
        yield from _texts(observation, function, name)
    elif type_name in NUMBERS or type_name in THRESHOLDS:
        # An amount that happens to be somebody's id would be another row's than the one meant.
        if not any(_is_key(*pair) for pair in _meant(observation, function, name)):
            yield from (v for v in _texts(observation, function, name, _AMOUNTS) if _is_number(v))
    elif re.match(r"date|time|interval", type_name):
        yield from _TIMES
    else:
        yield from _of_own_type(observation, type_name)


def _texts(
    observation: Observation, function: Function, name: str, forms: Iterable[str] = _FORMS
) -> Iterator[str]:
    """Yield values of the columns that a name can mean, what it is compared with, and all forms."""
    catalog = observation.catalog
    sources = [one.source for one in (function, *called_functions(catalog, function))]
    meant = _meant(observation, function, name)
    for relation, column in meant:
        yield from listed_values(relation, column)
    compared = {name, *(column.name for _, column in meant)} - {""}
    for source in sources:
        yield from (value for one in sorted(compared) for value in near(one, source)[:4])
    for pattern in _PATTERN.findall(" ".join(sources)):
        yield from islice(matching(pattern.replace("''", "'"), 5), 2)
    for relation, column in meant:
        yield from candidates(relation, column, tag="f", number=5)[:2]
    yield from in_turn([_first_listed(observation, function), forms])


def _columns(observation: Observation, function: Function) -> Iterator[tuple[Relation, Column]]:
    """Yield the columns of the tables that a function names, or those that it calls."""
    words = words_of_function(observation.catalog, function)
    for relation in observation.catalog.own_relations:
        if relation.is_table and relation.name in words:
            yield from ((relation, column) for column in relation.columns)


def _meant(
    observation: Observation, function: Function, name: str
) -> list[tuple[Relation, Column]]:
    """Return the columns that a parameter's name, or a key's, can mean."""
    return [
        (relation, column)
        for relation, column in _columns(observation, function)
        if named_after(name, relation, column.name) or is_like(name, relation, column.name)
    ]


def _is_key(relation: Relation, column: Column) -> bool:
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    return column.name in linked or column.name in relation.primary_key


def _first_listed(observation: Observation, function: Function) -> Iterator[str]:
    for relation, column in _columns(observation, function):
        yield from listed_values(relation, column)[:2]


def _of_own_type(observation: Observation, type_name: str) -> Iterator[str]:
    for relation in observation.catalog.relations:
        for column in relation.columns:
            if column.type == type_name:
                yield from candidates(relation, column, tag="f", number=5)
                return


def _objects(observation: Observation, function: Function, current: str) -> Iterator[str]:
    """Yield an object with another value under one of the keys that a function reads."""
    text = _ARGUMENT.fullmatch(current)
    value = json.loads(text[1].replace("''", "'")) if text else {}
    whole = value[0] if isinstance(value, list) and value else value
    known = whole if isinstance(whole, dict) else {}

    def filled(key: str) -> Iterator[str]:
        for other in _texts(observation, function, key):
            changed = {**known, key: other}
            yield json.dumps([changed] if isinstance(value, list) else changed)

    yield from in_turn([filled(key) for key in keys_read(function)])


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(?:\.\d+)?", text))
