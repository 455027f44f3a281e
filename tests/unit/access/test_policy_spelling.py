"""What is only the spelling of a policy goes; what belongs to what stays."""

from __future__ import annotations

import pytest

from prospectr_db.access.policies.spelling import spelt


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(( SELECT auth.uid() AS uid) = user_id)", "(user_id = auth.uid())"),
        (
            "((auth.jwt() ->> 'aal'::text) = 'aal2'::text)",
            "(( SELECT (auth.jwt() ->> 'aal'::text)) = 'aal2'::text)",
        ),
        ("(a AND (b OR c))", "((c OR b) AND a)"),
        ("((title)::text ~~ '%(x)::y'::text)", "(title ~~ '%(x)::y')"),
        ("((at)::timestamp without time zone > now())", "(at > now())"),
        ("( SELECT private.is_in(t.id) AS is_in)", "private.is_in(t.id)"),
        ("(status = ANY (ARRAY['a'::text, 'b'::text]))", "(status = ANY (ARRAY['b', 'a']))"),
        ("(status = ANY ('{a,b}'::text[]))", "(status = ANY (ARRAY['a', 'b']))"),
        ("((status = 'a') OR (status = 'b'))", "(status = ANY (ARRAY['a', 'b']))"),
        (
            "(EXISTS ( SELECT 1 FROM public.m x WHERE (x.a = t.a)))",
            "(EXISTS ( SELECT 1 FROM public.m WHERE (m.a = t.a)))",
        ),
        (
            "(EXISTS ( SELECT 1 FROM (public.m x JOIN public.n y ON ((x.a = y.a)))))",
            "(EXISTS ( SELECT 1 FROM (public.m JOIN public.n ON ((m.a = n.a)))))",
        ),
        ("(((auth.jwt() ->> 'sub'::text))::uuid = user_id)", "(user_id = auth.uid())"),
        (
            (
                "(((NULLIF(current_setting('request.jwt.claims'::text, true), ''::text))::json"
                " ->> 'sub'::text)::uuid = user_id)"
            ),
            "(user_id = auth.uid())",
        ),
        (
            (
                "((EXISTS ( SELECT 1 FROM m x WHERE (x.a = b))) OR (EXISTS ( SELECT 1 FROM m x"
                " WHERE (x.a = c))))"
            ),
            (
                "((EXISTS ( SELECT 1 FROM m y WHERE (y.a = b))) OR (EXISTS ( SELECT 1 FROM m"
                " WHERE (m.a = c))))"
            ),
        ),
        (
            "(EXISTS ( SELECT 1 FROM m x, n y WHERE (x.a = y.a)))",
            "(EXISTS ( SELECT 1 FROM m, n WHERE (m.a = n.a)))",
        ),
        (
            "(x AND ((status = 'a') OR (status = 'b') OR y))",
            "(x AND (y OR (status = ANY (ARRAY['a', 'b']))))",
        ),
    ],
)
def test_two_spellings_are_one(one: str, other: str) -> None:
    assert spelt(one) == spelt(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(a AND (b OR c))", "((a AND b) OR c)"),
        ("(NOT (a OR b))", "((NOT a) OR b)"),
        ("(title ~~ '%(x)'::text)", "(title ~~ '%x'::text)"),
        ("(x = 'A'::text)", "(x = 'a'::text)"),
        ("(a - (b - c)) > 0", "((a - b) - c) > 0"),
        (
            "(EXISTS ( SELECT 1 FROM m WHERE (m.a = t.a)))",
            "(EXISTS ( SELECT 1 FROM m WHERE (m.b = t.a)))",
        ),
        (
            "(EXISTS ( SELECT 1 FROM (public.m x JOIN public.m y ON ((x.a = y.b)))))",
            "(EXISTS ( SELECT 1 FROM (public.m x JOIN public.m y ON ((x.a = x.b)))))",
        ),
        ("(a IS NOT NULL)", "(a IS NULL)"),
        ("private.f(a, b)", "private.f(b, a)"),
        ("((status = 'a') OR (kind = 'b'))", "(status = ANY (ARRAY['a', 'b']))"),
        ("((status = 'a') AND (status = 'b'))", "(status = ANY (ARRAY['a', 'b']))"),
        ("(status = ANY (ARRAY['a', 'b']))", "(status = ANY (ARRAY['a', 'b', 'c']))"),
        ("(status <> ALL (ARRAY['a', 'b']))", "(status = ANY (ARRAY['a', 'b']))"),
    ],
)
def test_two_meanings_are_two(one: str, other: str) -> None:
    assert spelt(one) != spelt(other)


def test_the_table_before_a_column_is_spelling() -> None:
    assert spelt("( SELECT f(notes.id) AS f)", "notes") == spelt("f(id)", "notes")
    assert spelt("(m.notes = 'notes.id'::text)", "notes") == "m.notes = 'notes.id'"


def test_it_stays_readable() -> None:
    text = (
        "((user_id = ( SELECT auth.uid() AS uid)) AND (status = ANY (ARRAY['a'::text, 'b'::text])))"
    )
    assert spelt(text) == "(status = ANY (ARRAY['a', 'b'])) AND (user_id = auth.uid())"


def test_a_table_that_is_read_again_is_told_apart_from_itself() -> None:
    linked = "(EXISTS ( SELECT 1 FROM m x WHERE ((x.team = m.team) AND (x.who = auth.uid()))))"
    slip = linked.replace("x.team = m.team", "x.team = x.team")
    assert spelt(linked, "m") != spelt(slip, "m")
    assert spelt(linked, "m") == spelt(linked.replace("x.", "m_1.").replace("m x", "m m_1"), "m")


def test_tables_that_are_read_twice_are_numbered() -> None:
    pairs = "( SELECT 1 FROM (m x JOIN m y ON ((x.a = y.b))) WHERE (y.c = t.c))"
    assert spelt(f"(EXISTS {pairs})", "t") == (
        "EXISTS (SELECT 1 FROM (m JOIN m m_2 ON(m.a = m_2.b)) WHERE (c = m_2.c))"
    )
