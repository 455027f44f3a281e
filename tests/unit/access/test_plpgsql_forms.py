# ruff: noqa: E501 - bodies read better in long lines
"""A body of PL/pgSQL that looks something up and decides by it is one expression."""

from __future__ import annotations

import pytest

from prospectr_db.access.policies.plpgsql_forms import as_expression


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("begin return exists(select 1 from m); end;", "exists(select 1 from m)"),
        (
            "begin perform 1 from m where m.t = x; return found; end",
            "(exists (select 1 from m where m.t = x))",
        ),
        (
            (
                "declare me uuid := auth.uid(); n integer; begin"
                " select count(*) into n from m where u = me and s <> 'me'; return n > 0; end;"
            ),
            "(select count ( * ) from m where u = (auth.uid()) and s <> 'me') > 0",
        ),
        (
            (
                "begin if a then return true; elsif b then return case when c then d else e end;"
                " end if; return false; end"
            ),
            (
                "(case when a then true else (case when b then case when c then d else e end"
                " else false end) end)"
            ),
        ),
        (
            "declare r p%rowtype; begin select * into r from p where id = x; return r.ok; end",
            "(select ok from p where id = x)",
        ),
        (
            (
                "declare k text; begin k := 'a;b'; if k is null then null; else k := k || y; end if;"
                " return p.k = k; end"
            ),
            "(case when ('a;b') is null then p.k = ('a;b') else p.k = (('a;b') || y) end)",
        ),
    ],
)
def test_what_is_looked_up_stands_where_it_is_used(body: str, said: str) -> None:
    assert " ".join((as_expression(body) or "").split()) == said


@pytest.mark.parametrize(
    "body",
    [
        "begin for at in 1 .. 2 loop return true; end loop; return false; end",
        "begin if a then raise exception 'no'; end if; return true; end",
        "begin update m set seen = now(); return true; end",
        "begin if a then return true; end if; end",
        "begin begin return true; exception when others then return false; end; end",
        "declare r p%rowtype; begin select * into r from p; return r is null; end",
    ],
)
def test_what_does_more_is_none(body: str) -> None:
    assert as_expression(body) is None
