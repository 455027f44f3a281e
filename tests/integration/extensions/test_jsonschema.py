"""pg_jsonschema's stand-in agrees with the specification, keyword by keyword."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from psycopg import Connection

DRAFT_7 = "http://json-schema.org/draft-07/schema#"


@pytest.fixture
def checker(owner: Connection[Any]) -> Connection[Any]:
    owner.execute("create extension pg_jsonschema with schema extensions")
    return owner


def matches(checker: Connection[Any], schema: object, instance: object) -> bool:
    row = checker.execute(
        "select jsonb_matches_schema(%s::json, %s::jsonb)",
        (json.dumps(schema), json.dumps(instance)),
    ).fetchone()
    assert row is not None
    return bool(row[0])


# Each: a schema, instances that it accepts, instances that it refuses.
CASES: list[tuple[object, list[object], list[object]]] = [
    (True, [None, 1], []),
    (False, [], [None, {}]),
    ({"type": "integer"}, [1, 1.0, -3], [1.5, "1", None]),
    ({"type": ["string", "null"]}, ["", None], [0, []]),
    ({"enum": [1, "a", {"b": []}]}, [1, {"b": []}], [2, "b"]),
    ({"const": {"a": 1}}, [{"a": 1.0}], [{}]),
    ({"minimum": 1, "exclusiveMaximum": 3}, [1, 2.9, "x"], [0, 3]),
    ({"multipleOf": 0.5}, [1.5, 0], [0.7]),
    ({"minLength": 2, "maxLength": 3, "pattern": "^a"}, ["ab", 5], ["a", "abcd", "ba"]),
    ({"items": {"type": "integer"}, "minItems": 1}, [[1]], [[], ["a"]]),
    ({"prefixItems": [{"type": "string"}], "items": False}, [["a"], []], [[1], ["a", 1]]),
    ({"uniqueItems": True}, [[1, "1"]], [[1, 1.0], [{"a": 1}, {"a": 1}]]),
    ({"contains": {"const": 1}, "minContains": 2, "maxContains": 2}, [[1, 1]], [[1], [1, 1, 1]]),
    ({"required": ["a"], "maxProperties": 1}, [{"a": 1}, []], [{}, {"a": 1, "b": 2}]),
    (
        {
            "properties": {"a": {"type": "integer"}},
            "patternProperties": {"^p": True},
            "additionalProperties": False,
        },
        [{"a": 1, "p1": "x"}],
        [{"a": "x"}, {"b": 1}],
    ),
    ({"propertyNames": {"maxLength": 1}}, [{"a": 1}], [{"ab": 1}]),
    ({"dependentRequired": {"a": ["b"]}}, [{"b": 1}, {"a": 1, "b": 2}], [{"a": 1}]),
    ({"dependentSchemas": {"a": {"required": ["b"]}}}, [{}], [{"a": 1}]),
    ({"allOf": [{"type": "integer"}, {"minimum": 1}]}, [1], [0, "x"]),
    ({"anyOf": [{"type": "string"}, {"minimum": 2}]}, ["x", 2], [1]),
    ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, [1, 2.5], [2, 1.5]),
    ({"not": {"type": "string"}}, [1], ["x"]),
    ({"if": {"type": "string"}, "then": {"minLength": 2}, "else": False}, ["ab"], ["a", 1]),
    (
        {
            "$ref": "#/$defs/tree",
            "$defs": {"tree": {"properties": {"up": {"$ref": "#"}}, "type": "object"}},
        },
        [{"up": {"up": {}}}],
        [{"up": {"up": 1}}],
    ),
    (
        {"$schema": DRAFT_7, "items": [{"type": "string"}], "additionalItems": False},
        [["a"]],
        [["a", 1]],
    ),
    ({"$schema": DRAFT_7, "dependencies": {"a": ["b"]}}, [{}], [{"a": 1}]),
    ({"$schema": DRAFT_7, "format": "email"}, ["a@b.example"], ["no"]),
    ({"$schema": DRAFT_7, "format": "date"}, ["2024-02-29"], ["2023-02-29", "x"]),
    ({"format": "email"}, ["no"], []),
]


@pytest.mark.parametrize(("schema", "accepted", "refused"), CASES, ids=[str(c[0]) for c in CASES])
def test_keywords(
    checker: Connection[Any], schema: object, accepted: list[object], refused: list[object]
) -> None:
    assert [value for value in accepted if not matches(checker, schema, value)] == []
    assert [value for value in refused if matches(checker, schema, value)] == []


def test_a_check_constraint_can_use_it(checker: Connection[Any]) -> None:
    checker.execute(
        "create table public.documents (body jsonb check (jsonb_matches_schema("
        """'{"type": "object", "required": ["title"]}', body)))"""
    )
    checker.execute("""insert into public.documents values ('{"title": "x"}')""")
    with pytest.raises(psycopg.errors.CheckViolation):
        checker.execute("insert into public.documents values ('{}')")


def test_errors_are_told(checker: Connection[Any]) -> None:
    row = checker.execute(
        """select jsonschema_validation_errors('{"maxLength": 4}', '"123456789"')"""
    ).fetchone()
    assert row == (['"123456789" is longer than 4 characters'],)


@pytest.mark.parametrize(
    ("schema", "valid"),
    [
        ({"type": "string"}, True),
        ({"type": "text"}, False),
        ({"properties": {"a": {"minLength": -1}}}, False),
        ({"anyOf": []}, False),
        (3, False),
    ],
)
def test_a_schema_can_be_checked_itself(
    checker: Connection[Any], schema: object, valid: bool
) -> None:
    assert checker.execute(
        "select jsonschema_is_valid(%s::json)", (json.dumps(schema),)
    ).fetchone() == (valid,)


@pytest.mark.parametrize(
    "schema",
    [{"$ref": "https://example.com/s.json"}, {"unevaluatedProperties": False}],
)
def test_what_it_does_not_know_is_an_error_not_a_yes(
    checker: Connection[Any], schema: object
) -> None:
    with pytest.raises(psycopg.Error, match="stand-in") as refused:
        matches(checker, schema, {"a": 1})
    assert refused.value.sqlstate == "0A000"
