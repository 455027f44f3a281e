"""Which values a column is likely to take: candidates from its type, its checks and its bounds."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from re import _constants as _sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from prospectr_db.access.decisions import literals
from prospectr_db.database.catalog import Column, Relation

__all__ = [
    "EMBEDDINGS",
    "candidates",
    "inside",
    "is_enumerated",
    "is_list",
    "naming",
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
    """Whether a column that holds users holds any number of them: an array, or one in JSON."""
    return column.category == "A" or column.base_name in ("json", "jsonb")


def naming(column: Column, user: str) -> str:
    """Return the text of a column's value that names one user by his id."""
    if column.category == "A":
        return "".join(("{", user, "}"))
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


def is_enumerated(relation: Relation, column: Column) -> bool:
    """Whether the type or a check lists the values, so that they can be used up."""
    return column.category == "B" or bool(column.labels or _listed(relation, column))


def _listed(relation: Relation, column: Column) -> list[str]:
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
    return _others(column, relation, tag, number)


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
            for s in _sample(p.replace("''", "'"), number)
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


def _others(column: Column, relation: Relation, tag: str, number: int) -> list[str]:
    name = column.base_name
    low, high = number * 10, number * 10 + 5
    dimension = re.search(r"\((\d+)\)", column.base_type)
    size = int(dimension.group(1)) if dimension else 1
    known = {
        "uuid": [seeded_uuid(relation.name, column.name, tag, number)],
        "json": [f'{{"marker": "{relation.name}-{tag}{number}"}}', "{}", "[]"],
        "jsonb": [f'{{"marker": "{relation.name}-{tag}{number}"}}', "{}", "[]"],
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


def _sample(pattern: str, number: int) -> Iterator[str]:
    """Yield texts that match a regular expression, by walking Python's parse of it."""
    posix = {
        "alpha": "a-zA-Z",
        "digit": "0-9",
        "alnum": "a-zA-Z0-9",
        "space": r"\s",
        "upper": "A-Z",
        "lower": "a-z",
        "punct": r"\-_.",
        "xdigit": "0-9a-f",
    }
    for name, chars in posix.items():
        pattern = pattern.replace(f"[:{name}:]", chars)
    try:
        tree = _parser.parse(pattern)
        compiled = re.compile(pattern)
    except re.error:
        return
    for extra in (0, 3, 7):
        text = "".join(_walk(node, extra, number) for node in tree)
        if compiled.search(text):
            yield text


def _walk(node: tuple[Any, Any], extra: int, number: int) -> str:
    kind, value = node
    if kind is _sre.LITERAL:
        return chr(value)
    if kind is _sre.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if kind is _sre.ANY:
        return "x"
    if kind is _sre.IN:
        return _one_of(value, number)
    if kind in (_sre.MAX_REPEAT, _sre.MIN_REPEAT):
        low, high, inner = value
        times = min(low + extra, int(high)) if low or extra else min(1, int(high))
        return "".join(_walk(part, extra, number + i) for i in range(times) for part in inner)
    if kind is _sre.SUBPATTERN:
        return "".join(_walk(part, extra, number) for part in value[3])
    if kind is _sre.BRANCH:
        return "".join(_walk(part, extra, number) for part in value[1][0])
    if kind is _sre.CATEGORY:
        return {_sre.CATEGORY_DIGIT: "1", _sre.CATEGORY_SPACE: " "}.get(value, "a")
    return ""


def _one_of(choices: list[tuple[Any, Any]], number: int) -> str:
    if choices and choices[0][0] is _sre.NEGATE:
        for letter in "ax1-_ ":
            if not re.match(_class(choices[1:]), letter):
                return letter
    if not choices:
        return "a"
    kind, value = choices[number % len(choices)]
    if kind is _sre.RANGE:
        low, high = value
        return chr(low + number % (high - low + 1))
    return _walk((kind, value), 0, number)


def _class(choices: list[tuple[Any, Any]]) -> str:
    parts = []
    for kind, value in choices:
        if kind is _sre.LITERAL:
            parts.append(re.escape(chr(value)))
        elif kind is _sre.RANGE:
            parts.append(f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}")
        elif kind is _sre.CATEGORY:
            parts.append({_sre.CATEGORY_DIGIT: r"\d", _sre.CATEGORY_SPACE: r"\s"}.get(value, r"\w"))
    return "[" + "".join(parts) + "]"
