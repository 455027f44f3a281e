"""What a probe's INSERT holds is read back exactly, whatever its values look like."""

from __future__ import annotations

import pytest

from prospectr_db.api.asking import verdict_of
from prospectr_db.api.requests import _array, _read_insert

HEAD = 'insert into "public"."t" ("a", "b") values '


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ("('x'::text, null::uuid)", {"a": "x", "b": None}),
        ("('it''s, (so)'::text, '1'::numeric(10,2))", {"a": "it's, (so)", "b": "1"}),
        ("('{}'::text[], '1'::timestamp with time zone) returning a", {"a": "{}", "b": "1"}),
        ("('line\nbreak'::\"odd type, yes\", ''::text)", {"a": "line\nbreak", "b": ""}),
    ],
)
def test_values_come_back(values: str, read: dict[str, str | None]) -> None:
    assert dict(_read_insert("".join((HEAD, values)))) == read


def test_an_insert_without_columns_has_no_values() -> None:
    assert dict(_read_insert('insert into "public"."t" default values')) == {}


def test_only_plain_arrays_have_a_json_form() -> None:
    assert _array("{}") == []
    assert _array("{a,b}") == ["a", "b"]
    for text in ('{"a,b"}', "{{1},{2}}"):
        with pytest.raises(ValueError, match=r"[a1]"):
            _array(text)


@pytest.mark.parametrize(
    ("code", "message", "rows", "verdict"),
    [
        (None, None, 1, "allowed"),
        (None, None, 0, "filtered"),
        ("42501", "permission denied for table t", 0, "denied"),
        ("42501", 'new row violates row-level security policy for table "t"', 0, "rejected"),
        ("23505", "duplicate key", 0, "refused 23505"),
        ("SUP", "PostgresError", 0, "not understood (SUP)"),
        ("PGRST204", "no column", 0, "not understood (PGRST204)"),
    ],
)
def test_each_ending_has_a_name(
    code: str | None, message: str | None, rows: int, verdict: str
) -> None:
    assert verdict_of(code, message, rows) == verdict
