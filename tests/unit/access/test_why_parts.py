"""A policy's expression is taken apart where a reader would."""

from __future__ import annotations

from prospectr_db.access.witness.parts import split_parts


def test_the_sides_of_and_and_or_stand_below_the_whole() -> None:
    expression = "((a = 1) AND ((b = 2) OR private.f(c)))"
    assert list(split_parts(expression)) == [
        ("(a = 1) AND ((b = 2) OR private.f(c))", 0),
        ("a = 1", 1),
        ("(b = 2) OR private.f(c)", 1),
        ("b = 2", 2),
        ("private.f(c)", 2),
    ]


def test_words_inside_texts_and_sub_selects_are_left_alone() -> None:
    expression = "(x = 'you AND me') OR (EXISTS ( SELECT 1 FROM t WHERE ((p) AND (q))))"
    assert [part for part, depth in split_parts(expression) if depth == 1] == [
        "x = 'you AND me'",
        "EXISTS ( SELECT 1 FROM t WHERE ((p) AND (q)))",
    ]
