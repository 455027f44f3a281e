"""An expression of a policy in parts, and the value of each for one row."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg

from prospectr_db.access.observation import Observation
from prospectr_db.access.personas.impersonation import become
from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.rows.inhabitants import Row
from prospectr_db.access.writing.statements import equals
from prospectr_db.database.catalog import Relation, quote_identifier

__all__ = ["Part", "evaluate", "split_parts", "values_in"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an expression and its value for the row: true, false, null or an error."""

    expression: str
    value: str
    depth: int


def split_parts(expression: str, depth: int = 0) -> Iterator[tuple[str, int]]:
    """Yield an expression and, below it, the sides of its AND and OR, and helper calls in them."""
    expression = _bare(expression)
    yield expression, depth
    sides = _sides(expression)
    if len(sides) > 1:
        for side in sides:
            yield from split_parts(side, depth + 1)
        return
    for call in re.findall(r"(?:\w+\.)+\w+\((?:[^()]|\([^()]*\))*\)", expression):
        if call != expression:
            yield call, depth + 1


def _bare(text: str) -> str:
    """Remove parentheses that enclose the whole expression."""
    text = text.strip()
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closing(text: str) -> int:
    depth, quoted = 0, False
    for place, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            if depth == 0 and letter == ")":
                return place
    return -1


def _sides(text: str) -> list[str]:
    """Split at the AND or OR that is in no parentheses and no text."""
    sides, start, depth, quoted = [], 0, 0, False
    place = 0
    while place < len(text):
        letter = text[place]
        if letter == "'":
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            match = re.match(r" (AND|OR) ", text[place:]) if depth == 0 else None
            if match and not re.search(r"\bBETWEEN [^ ]+$", text[:place]):
                sides.append(text[start:place])
                place += len(match.group())
                start = place
                continue
        place += 1
    return [*sides, text[start:]]


def evaluate(
    observation: Observation,
    relation: Relation,
    persona: Persona,
    row: Row,
    expression: str,
    preparation: str | None = None,
) -> Iterator[Part]:
    """Evaluate each part for the row: as the persona's claims, with the row itself visible.

    ``preparation`` brings the row, or what is around it, into a state before.
    """
    where = equals(relation, {n: row.values[n] for n in relation.primary_key or row.values})
    for text, depth in split_parts(expression):
        with _undone(observation, preparation):
            if change := observation.world.changes.get(persona.name):
                observation.connection.execute(change)
            claims = Persona("why", observation.superuser, persona.claims)
            observation.connection.execute(become(claims))
            query = " ".join(("select (", text, ")::text from", relation.sql_name, "where", where))
            try:
                answer = observation.connection.execute(query).fetchone()
                value = "null" if answer is None or answer[0] is None else str(answer[0])
            except psycopg.Error as error:
                value = f"error: {error.diag.message_primary}"
        yield Part(text, value, depth)


def values_in(
    observation: Observation, relation: Relation, row: Row, preparation: str | None
) -> Mapping[str, str | None]:
    """Return what a row holds in a state; without a key, what it holds otherwise."""
    if preparation is None or not relation.primary_key:
        return row.values
    where = equals(relation, {n: row.values[n] for n in relation.primary_key})
    names = ", ".join(f"{quote_identifier(name)}::text" for name in row.values)
    with _undone(observation, preparation):
        query = " ".join(("select", names, "from", relation.sql_name, "where", where))
        answer = observation.connection.execute(query).fetchone()
    return row.values if answer is None else dict(zip(row.values, answer, strict=True))


@contextlib.contextmanager
def _undone(observation: Observation, preparation: str | None) -> Iterator[None]:
    """Let the block find what has been prepared; nothing of it remains."""
    connection = observation.connection
    connection.execute("savepoint prospectr_why; set local search_path = ''")
    try:
        if preparation is not None:
            connection.execute("select prospectr_access.prepare(%s)", (preparation,))
        yield
    finally:
        connection.execute("rollback to savepoint prospectr_why; release savepoint prospectr_why")
