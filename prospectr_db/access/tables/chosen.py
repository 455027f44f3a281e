"""Which values are written to see whether a trigger takes them over into another column."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from prospectr_db.access.observation import Observation
from prospectr_db.access.policies.expressions import literals
from prospectr_db.access.rows.inhabitants import OTHER, VICTIM
from prospectr_db.access.writing.values import candidates, is_enumerated, seeded_uuid
from prospectr_db.database.catalog import Column, Relation

__all__ = ["Chosen", "chosen_values", "is_same"]

_KEY = re.compile(r"(?:->>?|\?)\s*'(\w+)'|#>>?\s*'\{([\w,]+)\}'")
_OBJECTS = ("json", "jsonb")
_MOST = 6


@dataclass(frozen=True, slots=True)
class Chosen:
    """A value for one column, and what the other has if it is taken over to the letter.

    ``hidden`` says that nobody would expect it there: a yes, a number or a rank out of an object
    or a text. ``telling`` says that any difference in the other column counts.
    """

    value: str
    expected: str | None
    hidden: bool
    telling: bool

    @staticmethod
    def words(source: str) -> frozenset[str]:
        """Return every word of a source."""
        return frozenset(re.findall(r"\w+", source))


def chosen_values(
    observation: Observation, relation: Relation, closed: Column, column: Column, source: str
) -> Iterator[Chosen]:
    """Yield what to write into a column so that it would be seen in a closed one.

    The first value comes twice: a trigger that answers with chance does not follow anybody.
    """
    wanted = _wanted(observation, relation, closed)
    free = closed.category == "S" and not _is_listed(relation, closed)
    telling = not free and closed.category in "BNES"
    hidden = telling
    if column.base_name in _OBJECTS:
        keys = {key for found in _KEY.findall(source) for part in found for key in part.split(",")}
        for value in wanted if keys - {""} else ():
            held = {key: _typed(closed, value) for key in sorted(keys - {""})}
            yield Chosen(json.dumps(held), value, hidden=hidden, telling=telling)
        return
    same = column.category == closed.category and column.base_name == closed.base_name
    if column.category == "S" and not column.labels:
        for value in wanted:
            yield Chosen(value, value, hidden=hidden, telling=telling)
        for said in literals(source)[:_MOST] if telling else ():
            yield Chosen(said.replace("%", "x"), None, hidden=hidden, telling=True)
    elif same or (column.category == closed.category and column.category in "BND"):
        for value in wanted:
            yield Chosen(value, value, hidden=False, telling=telling)
    elif telling and (column.category == "B" or column.labels):
        for value in column.labels[:_MOST] or ("true", "false"):
            yield Chosen(value, None, hidden=False, telling=True)


def is_same(closed: Column, wanted: str, got: str | None) -> bool:
    """Whether a column holds a value, however its type writes it."""
    if got is None:
        return False
    if closed.category == "N":
        return float(got) == float(wanted)
    if closed.category == "D":
        return got[:10] == wanted[:10]
    # An object out of another one is taken over as it is, or as the text that it was there.
    return got == wanted or (closed.base_name in _OBJECTS and json.dumps(got) == wanted)


def _is_listed(relation: Relation, closed: Column) -> bool:
    return is_enumerated(relation, closed) or bool(closed.labels)


def _wanted(observation: Observation, relation: Relation, closed: Column) -> list[str]:
    """Return two values that nobody has by accident, and the first of them again."""
    found = _two(observation, relation, closed)
    return [*found, *found[:1]]


def _two(observation: Observation, relation: Relation, closed: Column) -> list[str]:
    if closed.category == "B":
        return ["true", "false"]
    if _is_listed(relation, closed):
        return candidates(relation, closed, tag="c", number=7)[:2]
    if closed.category == "N":
        return ["77", "78"]
    if closed.category == "S":
        return ["Chosen One", "Chosen Two"]
    if closed.category == "D":
        return ["2031-01-01", "2032-02-02"]
    if closed.base_name in _OBJECTS:
        return ['"Chosen One"', '"Chosen Two"']
    if closed.base_name == "uuid":
        keys = [fk for fk in relation.foreign_keys if closed.name in fk.columns]
        actors = observation.world.actors
        free = [seeded_uuid("chosen", 1), seeded_uuid("chosen", 2)]
        return [actors[OTHER].id, actors[VICTIM].id] if keys else free
    return []


def _typed(closed: Column, value: str) -> bool | int | str:
    if closed.category == "B":
        return value == "true"
    return int(value) if closed.category == "N" else value
