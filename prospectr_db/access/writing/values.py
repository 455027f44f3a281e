"""Which values a column is likely to take: candidates from its type, its checks and its bounds."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import replace
from datetime import date, timedelta

from prospectr_db.access.policies.expressions import literals
from prospectr_db.access.writing.json_values import shaped
from prospectr_db.access.writing.patterns import matching
from prospectr_db.database.catalog import Column, Relation

__all__ = [
    "EMBEDDINGS",
    "candidates",
    "inside",
    "is_enumerated",
    "is_list",
    "listed_values",
    "names_one",
    "naming",
    "same_value",
    "seeded_uuid",
    "shapes",
]

_SPACE = uuid.UUID("6f1f4a52-54cb-4d8c-9c0a-7b1d54d1a3c0")
_LONG = 60
EMBEDDINGS = ("vector", "halfvec", "sparsevec")
"""The types of pgvector, of which a column says the width and an argument does not."""


def seeded_uuid(*parts: object) -> str:
    """Return the same uuid for the same parts, a random-looking one for others."""
    return str(uuid.uuid5(_SPACE, "/".join(map(str, parts))))


def is_list(column: Column) -> bool:
    """Whether a column that holds users holds more than one's id: an array of them, or JSON."""
    return column.category == "A" or column.base_name in ("json", "jsonb")


def names_one(column: Column) -> bool:
    """Whether a column that holds users holds one of them, be it under a key of JSON."""
    return bool(column.holding) or not is_list(column)


def naming(column: Column, user: str) -> str:
    """Return the text of a column's value that names one user by his id."""
    if column.category == "A":
        return "".join(("{", user, "}"))
    if column.holding:
        held: object = user
        for key in reversed(column.holding):
            held = {key: held}
        return json.dumps(held)
    return f'["{user}"]' if is_list(column) else user


def candidates(
    relation: Relation, column: Column, *, tag: str, number: int, partitions: tuple[str, ...] = ()
) -> list[str]:
    """Return values to try, the likeliest first, as text that the column's type reads.

    ``tag`` makes texts recognisable and ``number`` makes them unique. ``partitions`` are the
    bounds of the partitions below the relation.
    """
    checks = [c.definition for c in relation.checks if column.name in c.columns]
    said = [*checks, *column.domain_checks]
    found: list[str] = []
    if relation.partition_key and column.name in relation.partition_key:
        found += [v for bound in partitions for v in inside(bound)]
    # A type that lists its values takes no other.
    found += column.labels or _typed(column, relation, tag, number, said)
    if not column.labels:
        found = _listed(relation, column) or found
    return [_fit(column, value) for value in dict.fromkeys(found)]


def listed_values(relation: Relation, column: Column) -> list[str]:
    """Return the values that the type or a check lists; none where any other may be as well."""
    return list(column.labels) or _listed(relation, column)


def is_enumerated(relation: Relation, column: Column) -> bool:
    """Whether the type or a check lists the values, so that they can be used up."""
    return column.category == "B" or bool(column.labels or _listed(relation, column))


def _listed(relation: Relation, column: Column) -> list[str]:
    if column.base_name in ("json", "jsonb"):
        return []  # a list is of what is under some key
    only = [c for c in relation.checks if c.columns == (column.name,) and "= ANY" in c.definition]
    return [value for check in only for value in literals(check.definition)]


def inside(bound: str) -> list[str]:
    """Return values inside a partition bound: from the low end of a range, members of a list."""
    if bound.upper().startswith("FOR VALUES FROM"):
        lower = bound[: bound.upper().find(") TO")]
        upper = bound[len(lower) :]
        return [v for low in literals(lower) for v in (low, _next(low))] or list(literals(upper))
    return list(literals(bound))


def _next(value: str) -> str:
    """Return a value a little above the lower end of a range."""
    if _is_number(value):
        return str(int(float(value)) + 1)
    try:
        return (date.fromisoformat(value[:10]) + timedelta(days=1)).isoformat() + value[10:]
    except ValueError:
        return "".join((value, "a"))


def _typed(column: Column, relation: Relation, tag: str, number: int, said: list[str]) -> list[str]:
    if column.category == "A":
        return _array(column, relation, tag, number)
    if column.category == "B":
        return ["true", "false"] if number % 2 else ["false", "true"]
    if column.category == "S" or column.base_name in ("citext", "unknown"):
        return _texts(column, relation, tag, number, said)
    if column.category == "N":
        return _numbers(number, said)
    if column.category == "D":
        return _times(column, number)
    if column.parts and column.base_name not in _RANGES:
        return [_composed(column, tag, number), "empty"]
    if column.type_kind == "m" and column.base_name.replace("multi", "") not in _RANGES:
        return ["{}"]
    return _others(column, relation, tag, number, said)


def _array(column: Column, relation: Relation, tag: str, number: int) -> list[str]:
    element = column.element_type or "text"
    if element == "uuid":
        return ["{" + seeded_uuid(relation.name, column.name, tag, number) + "}", "{}"]
    if element in ("text", "character varying", "citext"):
        said = [
            v for c in relation.checks if column.name in c.columns for v in literals(c.definition)
        ]
        return ["{" + f"{tag}-{number}" + "}", *("{" + f'"{v}"' + "}" for v in said), "{}"]
    return ["{}", "{1}"]


def _texts(column: Column, relation: Relation, tag: str, number: int, said: list[str]) -> list[str]:
    marker = f"{relation.name}-{column.name}-{tag}{number}"
    short = f"{tag}{number}".lower()
    name = column.name.lower()
    found: list[str] = []
    for text in said:
        listed = literals(text) if re.search(r"\b(ANY|IN)\b|=", text) and "~" not in text else ()
        found += [v for v in listed if v and not _is_number(v)]
        found += [
            v.replace("%", short).replace("_", "x") for v in re.findall(r"~~\*? '([^']*)'", text)
        ]
        found += [
            s
            for p in re.findall(r"(?<!!)~\*? '((?:[^']|'')*)'", text)
            for s in matching(p.replace("''", "'"), number)
        ]
    shaped = {
        "email": f"{marker}@example.com",
        "url": f"https://example.com/{marker}",
        "uri": f"https://example.com/{marker}",
        "phone": f"+4930{number:07d}",
        "slug": f"{tag}-{number}".lower(),
        "currency": "EUR",
        "country": "DE",
        "locale": "en",
        "color": "#aabbcc",
    }
    found += [value for word, value in shaped.items() if word in name]
    found += [
        marker,
        f"{short}@example.com",
        f"https://example.com/{short}",
        short,
        f"{number:08d}",
        f"+4930{number:07d}",
        "a",
        "A",
        "EUR",
        "DE",
        "1",
        seeded_uuid(marker),
        f"a-{number}",
        "#aabbcc",
        f"10.0.0.{number % 250}",
        "{}",
        f"/{short}",
        marker * 4,
        marker.upper(),
        short.upper(),
    ]
    return found


def _numbers(number: int, said: list[str]) -> list[str]:
    found: list[str] = []
    for text in said:
        exact = re.search(r"\b(ANY|IN)\b| = ", text)
        for value in (v for v in literals(text) if _is_number(v)):
            whole = int(float(value))
            found += (
                [value] if exact else [str(whole + number), str(whole + 1), value, str(whole - 1)]
            )
    return [*found, str(number), "1", "0", "-1", "50", "100", "1000", "0.5"]


def _times(column: Column, number: int) -> list[str]:
    if column.base_name == "date":
        return [f"2030-01-{1 + (column.number + number) % 28:02d}", "2020-01-01", "2090-01-01"]
    if column.base_name in ("time", "timetz"):
        return [f"{column.number % 24:02d}:00:{number % 60:02d}", "00:00:00"]
    # Later columns are later: starts_at before ends_at.
    first = f"2030-01-{1 + number % 28:02d} {column.number % 24:02d}:00:00+00"
    return [first, "2020-01-01 00:00:00+00", "2090-01-01 00:00:00+00"]


_RANGES = frozenset({"int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"})


def _composed(column: Column, tag: str, number: int) -> str:
    """Return the text of a row of a composite type, or of a range of a project's own."""
    likely = {
        "S": f"{tag}{number}",
        "N": str(number),
        "B": "t",
        "D": f"2030-01-{1 + number % 27:02d}",
        "U": seeded_uuid(column.name, tag, number),
    }
    if column.type_kind == "r":
        low = likely.get(column.parts[0], "")
        high = {"N": str(number + 5), "D": "2030-02-01", "S": f"{low}z"}.get(column.parts[0])
        return f"[{low},{high})" if high else "empty"
    # What has no likely value here, such as an enum or another composite type, stays empty.
    return "".join(("(", ",".join(likely.get(part, "") for part in column.parts), ")"))


def _others(
    column: Column, relation: Relation, tag: str, number: int, said: list[str]
) -> list[str]:
    name = column.base_name
    low, high = number * 10, number * 10 + 5
    dimension = re.search(r"\((\d+)\)", column.base_type)
    size = int(dimension.group(1)) if dimension else 1
    if name in ("json", "jsonb"):
        marker = f"{relation.name}-{tag}{number}"
        return [*shaped(column.name, said, marker, number), "{}", "[]"]
    if name.endswith("multirange"):
        of_one = replace(column, base_name=name.replace("multi", ""))
        return [f"{{{_others(of_one, relation, tag, number, [])[0]}}}", "{}"]
    known = {
        "uuid": [seeded_uuid(relation.name, column.name, tag, number)],
        "bytea": [f"\\x{number:04x}"],
        "inet": [f"10.0.{number % 250}.1"],
        "cidr": [f"10.0.{number % 250}.0/24"],
        "macaddr": [f"08:00:2b:01:02:{number % 250:02x}"],
        "interval": [f"{number} days", "1 hour"],
        "point": ["(0,0)"],
        "int4range": [f"[{low},{high})"],
        "int8range": [f"[{low},{high})"],
        "numrange": [f"[{low},{high})"],
        "daterange": [f"[2030-01-{1 + number % 27:02d},2030-01-{2 + number % 27:02d})"],
        "tsrange": [f"[2030-01-{1 + number % 27:02d},2030-01-{2 + number % 27:02d})"],
        "tstzrange": [f"[2030-01-{1 + number % 27:02d},2030-01-{2 + number % 27:02d})"],
        # Near to one another, whoever's they are, so that a search by likeness finds them all.
        "vector": ["[" + ",".join([str(1 + number / 1000), *["1"] * (size - 1)]) + "]"],
        "halfvec": ["[" + ",".join([str(1 + number / 1000), *["1"] * (size - 1)]) + "]"],
        "sparsevec": [f"{{1:{1 + number / 1000}}}/{size}"],
        "tsvector": [f"marker{number}"],
        "hstore": ["marker=>1"],
        "ltree": [f"top.n{number}"],
        "xml": ["<x/>"],
        "bit": ["1" * size],
        "varbit": ["1"],
        "box": ["(1,1),(0,0)"],
        "circle": ["<(0,0),1>"],
        "polygon": ["((0,0),(1,0),(1,1))"],
        "path": ["[(0,0),(1,1)]"],
        "lseg": ["[(0,0),(1,1)]"],
        "line": ["{1,1,1}"],
        "pg_lsn": ["0/1"],
        "jsonpath": ["$"],
        "tsquery": ["marker"],
        "geometry": shapes(column.base_type, number),
        "geography": shapes(column.base_type, number),
    }
    return known.get(name, ["", "1", "{}", "()"])


def shapes(base_type: str, number: int) -> list[str]:
    """Return EWKT for a column of postgis: its kind first, where its modifier names one."""
    said = re.search(r"\(([A-Za-z]+?)(Z?M?)(?:,(\d+))?\)", base_type)
    kind, suffix, srid = said.groups() if said else ("Geometry", "", None)
    prefix = f"SRID={srid};" if srid else ""

    def at(x: int, y: int) -> str:
        return " ".join([f"{number % 90 + x}", f"{number % 45 + y}", *("0" for _ in suffix)])

    ring = f"({at(0, 0)},{at(1, 0)},{at(1, 1)},{at(0, 0)})"
    bodies = {
        "Point": f"({at(0, 0)})",
        "LineString": f"({at(0, 0)},{at(1, 1)})",
        "Polygon": f"({ring})",
        "MultiPoint": f"({at(0, 0)},{at(1, 1)})",
        "MultiLineString": f"(({at(0, 0)},{at(1, 1)}))",
        "MultiPolygon": f"(({ring}))",
        "GeometryCollection": f"(POINT {suffix}({at(0, 0)}))",
    }
    wanted = [kind] if kind in bodies else list(bodies)
    return [f"{prefix}{name.upper()} {suffix}{bodies[name]}" for name in wanted]


def _fit(column: Column, value: str) -> str:
    """Shorten a text to the column's length, keeping its end, which makes it unique."""
    length = re.search(r"character(?: varying)?\((\d+)\)", column.base_type)
    if column.category == "S" and length and len(value) > int(length.group(1)):
        return value[-int(length.group(1)) :].lstrip("-")
    return value


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", text))


def same_value(one: str | None, other: str | None) -> bool:
    """Whether two texts are one value; of times only the day counts here."""
    return one == other or bool(one and other and len(one) > 18 and one[:10] == other[:10])
