"""What a condition asks at once is told from what it asks on either side of an OR."""

from __future__ import annotations

import re

import pytest

from prospectr_db.access.policies.asking import ask_at_once


@pytest.mark.parametrize(
    ("text", "at_once"),
    [
        ("(a AND b)", True),
        ("((a = 1) AND ((b = 2) OR (c = 3)))", True),
        ("(x AND (a OR b))", False),
        ("(EXISTS ( SELECT 1 FROM t WHERE (a AND b))) OR c", True),
        ("(EXISTS ( SELECT 1 FROM t WHERE a)) OR (EXISTS ( SELECT 1 FROM t WHERE b))", False),
        ("select a, b into x, y from t; -- or\nreturn x;", True),
        ("select 1 from t where a and c in (select d from u where b)", True),
        ("a or c and b", False),
    ],
)
def test_what_is_asked_at_once(text: str, at_once: bool) -> None:
    assert ask_at_once(text, *(re.compile(rf"\b{word}\b").search for word in "ab")) is at_once
