"""What functions are called with: arguments of every type, aimed at the owner's rows."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.functions.call_texts import call_text, spread
from prospectr_db.access.functions.rows_meant import held, rows_named, secrets_of
from prospectr_db.access.ownership.secret_columns import sounds_secret
from prospectr_db.access.policies.expressions import literals
from prospectr_db.access.rows.inhabitants import OTHER, OWNER
from prospectr_db.access.writing.statements import literal, typed
from prospectr_db.access.writing.values import EMBEDDINGS, candidates
from prospectr_db.database.catalog import Catalog, Function, Relation

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = [
    "IDS",
    "NUMBERS",
    "TEXTS",
    "THRESHOLDS",
    "Accepted",
    "as_argument",
    "calls",
    "keys_read",
    "options",
    "table_of",
]

Accepted = Mapping[int, Sequence[str]]
"""The arguments that a function takes for some parameters, by their places."""

_ARGUMENT_SETS = 12
THRESHOLDS = ("real", "double precision")
NUMBERS = frozenset(
    {"integer", "bigint", "smallint", "numeric", "real", "double precision", "oid", "money"}
)
IDS = NUMBERS | {"uuid"}
TEXTS = frozenset(
    {"text", "character varying", "character", "name", "citext", "extensions.citext"}
    | {"public.citext", '"char"'}
)
# One value that each of these types reads; texts, numbers and ids come from the world.
_SAMPLES = {
    "date": "2030-01-01",
    "timestamp with time zone": "2030-01-01 00:00:00+00",
    "timestamp without time zone": "2030-01-01 00:00:00",
    "time with time zone": "12:00:00+00",
    "time without time zone": "12:00:00",
    "interval": "1 day",
    "bytea": "\\x01",
    "inet": "10.0.0.1",
    "cidr": "10.0.0.0/24",
    "int4range": "[1,9)",
    "int8range": "[1,9)",
    "numrange": "[1,9)",
    "daterange": "[2020-01-01,2090-01-01)",
    "tstzrange": "[2020-01-01,2090-01-01)",
    "tsrange": "[2020-01-01,2090-01-01)",
    "tsquery": "a",
    "tsvector": "a",
    "jsonpath": "$",
    "regclass": "pg_catalog.pg_class",
    "regtype": "text",
    "regrole": "anon",
    "point": "(0,0)",
    "bit": "1",
    "xml": "<x/>",
}


def calls(
    observation: Observation, function: Function, accepted: Accepted | None = None
) -> Iterator[str]:
    """Yield calls with arguments that aim at the owner's rows, with and without the defaults.

    The likeliest come first. Of a parameter that is ``accepted`` only with some values, with these.
    """
    choices = options(observation, function)
    for place, found in (accepted or {}).items():
        choices[place] = list(found)
    required = len(choices) - function.defaults
    sets = [*itertools.islice(spread(choices), _ARGUMENT_SETS)]
    if function.defaults:
        sets += itertools.islice(spread(choices[:required]), 3)
    yield from dict.fromkeys(call_text(function, combination) for combination in sets)


def options(observation: Observation, function: Function) -> list[list[str]]:
    """Return, for each parameter, SQL texts of arguments, the likeliest first.

    Where the contract gives a value, it alone.
    """
    given = observation.given.values.get(function.label, {})
    found: list[list[str]] = []
    names = zip(function.input_names, function.argument_types, strict=True)
    for number, (name, type_name) in enumerate(names, start=1):
        value = given.get(name, given.get(f"${number}"))
        if value is None:
            found.append(_arguments(observation, function, name, type_name))
        else:
            found.append([as_argument(value, type_name)])
    return found


def as_argument(value: str, type_name: str) -> str:
    """Return a value of a type as SQL."""
    return "".join((literal(value), "::", type_name))


def _arguments(
    observation: Observation, function: Function, name: str, type_name: str
) -> list[str]:
    """Return SQL texts of arguments for one parameter, the likeliest first."""
    if type_name.endswith("[]"):
        inner = _arguments(observation, function, name, type_name[:-2])
        return ["".join(("array[", item, "]")) for item in inner]
    table = table_of(observation.catalog, type_name)
    if table is not None:
        return _records(observation, table, type_name) or ["null"]
    found = _values(observation, function, name, type_name)
    return [as_argument(value, type_name) for value in dict.fromkeys(found)] or ["null"]


def _values(
    observation: Observation, function: Function, name: str, type_name: str
) -> Sequence[str]:
    owner, other = observation.world.actors[OWNER], observation.world.actors[OTHER]
    ids = held(observation, function, name)
    if type_name == "uuid":
        found = [value for value in ids if "-" in value]
        users = [owner.id, other.id]
        return users[:1] + found + users[1:] if "user" in name.lower() else found + users
    if type_name in THRESHOLDS:
        return ["0", "1", "100"]
    if type_name in NUMBERS:
        # Less than nothing turns what is taken off into what is given.
        return [value for value in ids if value.isdigit()] + ["1", "100", "-1"]
    if type_name == "boolean":
        return ["true", "false"]
    if type_name in ("json", "jsonb"):
        return list(_objects(observation, function))
    if type_name in TEXTS:
        said = literals(function.source)[:4]
        texts = [*_names(observation, function), *held(observation, function, name, text=True)]
        place = 0 if sounds_secret(name) else 1
        texts[place:place] = secrets_of(observation, function)
        ids = [value for value in ids if "-" in value][:2]
        return [*texts[:5], owner.email, *said, *ids, owner.id, "a"]
    if type_name in _SAMPLES:
        return [_SAMPLES[type_name]]
    if type_name.rpartition(".")[2] in EMBEDDINGS:
        return _embeddings(observation, function, type_name)
    return _as_in_a_column(observation, type_name)


def _embeddings(observation: Observation, function: Function, type_name: str) -> list[str]:
    """Return what the owner's rows hold, of the tables that a function names first.

    Where no column has the type, the widths that embedding models usually answer with.
    """
    named = {relation.oid for relation, _ in rows_named(observation, function)}
    held: list[tuple[bool, str]] = []
    for relation in observation.catalog.own_relations:
        row = observation.world.row(relation, OWNER)
        for column in relation.columns if row else ():
            value = row.values.get(column.name) if row else None
            if value and column.type.partition("(")[0] == type_name:
                held.append((relation.oid not in named, value))
    found = [value for _, value in sorted(held, key=lambda pair: pair[0])]
    if type_name.endswith("sparsevec"):
        return found or [f"{{1:1}}/{width}" for width in _WIDTHS]
    return found or ["[" + ",".join(["1"] * width) + "]" for width in _WIDTHS]


_WIDTHS = (1536, 768, 384, 1024, 3072)


def _as_in_a_column(observation: Observation, type_name: str) -> list[str]:
    """Return values of a project's own type, an enum or domain, by a column that has it."""
    for relation in observation.catalog.relations:
        for column in relation.columns:
            if column.type == type_name:
                row = observation.world.row(relation, OWNER)
                held = row.values.get(column.name) if row else None
                likely = candidates(relation, column, tag="f", number=5)
                return [*([held] if held else []), *likely[:4]]
    return ["", "1"]


def _names(observation: Observation, function: Function) -> list[str]:
    """Return names of tables for a function that builds statements out of its arguments."""
    if "execute" not in function.source.lower():
        return []
    owned = [
        relation.name
        for relation in observation.catalog.own_relations
        if relation.is_table
        and observation.ownership[relation.oid].owned
        and observation.world.row(relation, OWNER) is not None
    ]
    return owned[:3]


def _objects(observation: Observation, function: Function) -> Iterator[str]:
    """Yield objects with the keys that a function reads, filled from the owner's rows."""
    keys = keys_read(function)
    for actor in (OWNER, OTHER):
        held = {"user_id": observation.world.actors[actor].id}
        for relation, _ in rows_named(observation, function):
            row = observation.world.row(relation, actor)
            for name, value in (row.values if row else {}).items():
                if value is not None:
                    held.setdefault(name, value)
                    held.setdefault(f"{relation.name.removesuffix('s')}_{name}", value)
        filled = {key: held.get(key, observation.world.actors[actor].id) for key in keys}
        if filled:
            yield json.dumps(filled)
            yield json.dumps([filled])
    yield "{}"
    yield "[]"


_KEY = re.compile(r"(?:->>?|\?)\s*'(\w+)'|#>>?\s*'\{(\w+)\}'|\bx?\(\s*(\w+)\s+(?:uuid|text|int)")


def keys_read(function: Function) -> list[str]:
    """Return the keys that a function reads of objects."""
    return sorted({key for found in _KEY.findall(function.source) for key in found if key})


def table_of(catalog: Catalog, type_name: str) -> Relation | None:
    """Return the table whose rows a type is, as in a computed field."""
    plain = type_name.replace('"', "")
    for relation in catalog.own_relations:
        if plain in (f"{relation.schema}.{relation.name}", relation.name):
            return relation
    return None


def _records(observation: Observation, table: Relation, type_name: str) -> list[str]:
    """Return rows as arguments: somebody who knows the owner's ids and no more, then all of it."""
    found = []
    ids = {name for fk in table.foreign_keys for name in fk.columns} | set(table.primary_key)
    for key, known in ((OWNER, ids), (OWNER, None), (OTHER, None)):
        row = observation.world.row(table, key)
        if row is None:
            continue
        held = {n: v for n, v in row.values.items() if known is None or n in known}
        values = ", ".join(typed(table, c.name, held.get(c.name)) for c in table.columns)
        found.append("".join(("row(", values, ")::", type_name)))
    return found
