# ruff: noqa: E501, S608 - expressions read better in long lines
"""What a filter lets in by does not depend on its form, but on what it asks."""

from __future__ import annotations

import pytest

from prospectr_db.access.policies.alternatives import alternatives
from prospectr_db.access.policies.parts import is_made_up_for, is_said
from prospectr_db.access.policies.spelling import spelt

MINE = "(m.u = auth.uid())"


def asked(expression: str) -> object:
    return alternatives(spelt(expression, "t"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("((o OR p) AND q)", "((o AND q) OR (q AND p))"),
        (f"(x IN ( SELECT m.t FROM m WHERE {MINE}))", "(EXISTS ( SELECT 1 FROM m y WHERE ((y.u = auth.uid()) AND (y.t = x))))"),
        (f"(x = ANY (ARRAY( SELECT m.t FROM m WHERE {MINE})))", f"(x IN ( SELECT m.t FROM m WHERE {MINE}))"),
        ("(auth.uid() = ( SELECT p.a FROM p WHERE (p.id = x)))", "(EXISTS ( SELECT 1 FROM p WHERE ((x = p.id) AND (p.a = auth.uid()))))"),
        (
            "(EXISTS ( SELECT 1 FROM (m JOIN n ON ((n.x = m.y))) WHERE (m.u = auth.uid())))",
            "(EXISTS ( SELECT 1 FROM m WHERE ((m.u = auth.uid()) AND (m.y IN ( SELECT n.x FROM n)))))",
        ),
        (f"(( SELECT count(*) AS count FROM m WHERE {MINE}) > 0)", f"(EXISTS ( SELECT 1 FROM m WHERE {MINE}))"),
        (f"COALESCE(( SELECT m.ok FROM m WHERE {MINE}), false)", f"(EXISTS ( SELECT 1 FROM m WHERE ({MINE} AND m.ok)))"),
        (f"COALESCE(( SELECT bool_or(m.ok) AS b FROM m WHERE {MINE}), false)", f"(EXISTS ( SELECT 1 FROM m WHERE ({MINE} AND m.ok)))"),
        (f"(( SELECT m.r FROM m WHERE {MINE}) = ANY (ARRAY['a', 'b']))", f"(EXISTS ( SELECT 1 FROM m WHERE ({MINE} AND ((m.r = 'b') OR (m.r = 'a')))))"),
        (f"(NOT (EXISTS ( SELECT 1 FROM m WHERE ({MINE} AND m.ok))))", f"(NOT (EXISTS ( SELECT 1 FROM m WHERE ({MINE} AND (m.ok = true)))))"),
        (f"definer(EXISTS (SELECT 1 FROM m WHERE ({MINE} AND (EXISTS (SELECT 1 FROM n WHERE (n.a = m.a))))))", f"definer(EXISTS (SELECT 1 FROM (m JOIN n ON ((m.a = n.a))) WHERE {MINE}))"),
        (f"(x IN ( SELECT m.t FROM m WHERE ({MINE} AND (m.t IS NOT NULL))))", f"(x IN ( SELECT m.t FROM m WHERE {MINE}))"),
        # What is joined must have a row, if a column of it is equal to something.
        (
            "(auth.uid() IN ( SELECT m.u FROM (m LEFT JOIN n ON ((m.a = n.a))) WHERE (x = n.b)))",
            "(EXISTS ( SELECT 1 FROM (n JOIN m ON ((n.a = m.a))) WHERE ((n.b = x) AND (m.u = auth.uid()))))",
        ),
        (
            "(auth.uid() IN ( SELECT n.u FROM (m LEFT JOIN n ON ((m.a = n.a))) WHERE (x = m.b)))",
            "(EXISTS ( SELECT 1 FROM (n JOIN m ON ((n.a = m.a))) WHERE ((m.b = x) AND (n.u = auth.uid()))))",
        ),
        ("((s = 'a') AND (s IS NOT NULL))", "(s = 'a')"),
        ("(NOT ((s = 'a') OR (s = 'b')))", "(s <> ALL (ARRAY['b', 'a']))"),
        ("(NOT (s <> 'a'))", "(s = 'a')"),
        ("COALESCE(active, false)", "(active IS TRUE)"),
        ("(private = false)", "(NOT private)"),
        ("CASE WHEN (auth.uid() IS NULL) THEN false ELSE (u = auth.uid()) END", "(u = auth.uid())"),
        ("CASE WHEN (a IS NULL) THEN b ELSE c END", "((c AND (a IS NOT NULL)) OR ((a IS NULL) AND b))"),
        (
            "CASE WHEN (r = 'doctor') THEN true WHEN (s IS NULL) THEN false ELSE ((r = 'nurse') OR m) END",
            "((r = 'doctor') OR ((s IS NOT NULL) AND (r = 'nurse')) OR (m AND (s IS NOT NULL)))",
        ),
    ],
)  # fmt: skip
def test_forms_of_the_same(one: str, other: str) -> None:
    assert asked(one) == asked(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("((o AND p) OR q)", "(o AND (p OR q))"),
        # What reads with its owner's rights is not bound by the policies of what it reads.
        (f"definer(EXISTS (SELECT 1 FROM m WHERE {MINE}))", f"(EXISTS ( SELECT 1 FROM m WHERE {MINE}))"),
        ("(EXISTS ( SELECT 1 FROM m WHERE definer(EXISTS (SELECT 1 FROM n))))", "(EXISTS ( SELECT 1 FROM m WHERE (EXISTS ( SELECT 1 FROM n))))"),
        # Without a row the one is unknown, and what has none may come in by the other.
        ("(s IS DISTINCT FROM 'a')", "(s <> 'a')"),
        ("(a IS NOT TRUE)", "(NOT a)"),
        ("((s = 'a') AND (r IS NOT NULL))", "(s = 'a')"),
        ("((NOT (EXISTS ( SELECT 1 FROM m WHERE (m.s = s)))) AND (s IS NOT NULL))", "(NOT (EXISTS ( SELECT 1 FROM m WHERE (m.s = s))))"),
        ("CASE WHEN a THEN b ELSE true END", "((NOT a) OR b)"),
        ("CASE WHEN a THEN b WHEN c THEN true ELSE d END", "((a AND b) OR c OR d)"),
        (f"(( SELECT count(*) AS count FROM m WHERE {MINE}) > 1)", f"(EXISTS ( SELECT 1 FROM m WHERE {MINE}))"),
        ("(x = ( SELECT max(m.t) AS max FROM m))", "(x IN ( SELECT m.t FROM m))"),
        ("(x IN ( SELECT m.t FROM (m LEFT JOIN n ON ((m.a = n.a)))))", "(x IN ( SELECT m.t FROM (m JOIN n ON ((m.a = n.a)))))"),
        ("(x IN ( SELECT m.t FROM (m LEFT JOIN n ON ((m.a = n.a))) WHERE ((n.b = y) OR m.c)))", "(x IN ( SELECT m.t FROM (m JOIN n ON ((m.a = n.a))) WHERE ((n.b = y) OR m.c)))"),
        ("(x IN ( SELECT m.t FROM (m LEFT JOIN n ON ((m.a = n.a))) WHERE (m.b = y)))", "(x IN ( SELECT m.t FROM (m JOIN n ON ((m.a = n.a))) WHERE (m.b = y)))"),
        ("(x IN ( SELECT m.t FROM m LIMIT 1))", "(x IN ( SELECT m.t FROM m))"),
        (f"(EXISTS ( SELECT count(*) AS count FROM m WHERE {MINE}))", f"(EXISTS ( SELECT 1 FROM m WHERE {MINE}))"),
    ],
)  # fmt: skip
def test_what_asks_for_something_else(one: str, other: str) -> None:
    assert asked(one) != asked(other)


def test_it_does_not_matter_which_policy_says_a_part() -> None:
    whole = "all to authenticated where (a = 1) checking (a = 1) AND b"
    four = (
        "select to authenticated where (a = 1)",
        "insert to public where b AND (a = 1)",
        "update to authenticated where ((a = 1) OR c) checking b AND (a = 1)",
        "delete to authenticated where (a = 1)",
    )
    assert is_said(whole, four)
    assert not any(is_said(whole, [*four[:n], *four[n + 1 :]]) for n in range(4))
    assert is_said(four[0], [whole])
    assert not is_said(four[1], [whole])  # for everybody, that is, and not for users alone
    assert not is_said("select to authenticated where (a = 1) AND b", four)
    assert is_made_up_for("select to authenticated where (a = 1) AND b", four)
    narrow = "select to x where definer(EXISTS (SELECT 1 FROM m WHERE ((m.a = a) AND m.b)))"
    wide = "select to x where definer(EXISTS (SELECT 1 FROM m WHERE (a = m.a)))"
    assert is_made_up_for(narrow, [wide])
    assert not is_made_up_for(wide, [narrow])
    assert not is_said(
        "select to x, restricting where a", ["select to x, restricting where a OR b"]
    )


def test_whoever_has_one_of_some_roles_has_a_role() -> None:
    role = "definer(SELECT m.role FROM m WHERE (m.t = x))"
    any_role = f"select to authenticated where {role} IS NOT NULL"
    some = f"select to authenticated where {role} = ANY (ARRAY['manager', 'owner'])"
    assert is_made_up_for(some, [any_role])
    assert not is_made_up_for(any_role, [some])
    not_owner = f"select to authenticated where NOT ({role} = 'owner')"
    assert not is_made_up_for(f"select to authenticated where NOT ({role} IS NULL)", [not_owner])
    assert not is_made_up_for(
        not_owner, [f"select to authenticated where NOT ({role} IS NOT NULL)"]
    )
