"""Values that a column is likely to take, from its type and its checks."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from prospectr_db.access.writing.statements import literal
from prospectr_db.access.writing.values import candidates
from prospectr_db.database.catalog import Column, Constraint, Relation

TEXT = Column(
    name="c", number=1, type="text", base_type="text", base_name="text", category="S",
    type_kind="b", element_type=None, not_null=True, default=None, generated="", identity="",
    labels=(), domain_checks=(), privileges={},
)  # fmt: skip


def relation(*checks: str, column: Column = TEXT) -> Relation:
    constraints = tuple(
        Constraint(f"k{n}", "c", ("c",), None, (), False, " ", check)
        for n, check in enumerate(checks)
    )
    return Relation(
        oid=1, schema="public", name="t", kind="r", rls=True, force_rls=False, owner="postgres",
        is_partition=False, partition_key=None, partition_bound=None, options=(), definition=None,
        view_events=0, parents=(), publications=(), privileges={}, columns=(column,),
        constraints=constraints, policies=(), triggers=(), sources=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    "pattern",
    [
        "^[^@]+@[^@]+\\.[a-z]+$",
        "^[A-Z]{2}$",
        "^\\+?[0-9]{7,15}$",
        "^#[0-9a-f]{6}$",
        "^(sms|mail)-\\d+$",
        "^[a-z0-9]+(-[a-z0-9]+)*$",
        "^[[:alnum:]_]{3,20}$",
    ],
)
def test_a_regular_expression_in_a_check_yields_a_text_that_matches(pattern: str) -> None:
    check = f"CHECK ((c ~ '{pattern}'::text))"
    plain = pattern.replace("[:alnum:]", "a-zA-Z0-9")
    found = candidates(relation(check), TEXT, tag="A", number=7)
    assert any(re.search(plain, value) for value in found[:4])


def test_values_of_a_list_come_first() -> None:
    check = "CHECK ((c = ANY (ARRAY['draft'::text, 'sent'::text])))"
    assert candidates(relation(check), TEXT, tag="A", number=7)[:2] == ["draft", "sent"]


def test_a_short_column_keeps_the_part_that_makes_it_unique() -> None:
    short = replace(TEXT, base_type="character varying(5)")
    one = candidates(relation(column=short), short, tag="A", number=1234)[0]
    other = candidates(relation(column=short), short, tag="A", number=1235)[0]
    assert len(one) <= 5
    assert one != other


def test_labels_of_an_enum_are_its_only_first_choices() -> None:
    enum = replace(TEXT, category="E", labels=("FREE", "PRO"))
    assert candidates(relation(column=enum), enum, tag="A", number=1)[:2] == ["FREE", "PRO"]


@pytest.mark.parametrize(("value", "shown"), [(None, "null"), ("it's", "'it''s'"), ("", "''")])
def test_literals_are_quoted(value: str | None, shown: str) -> None:
    assert literal(value) == shown


def test_a_zero_byte_is_refused() -> None:
    with pytest.raises(ValueError, match="zero byte"):
        literal("a\x00b")


@pytest.mark.parametrize(
    ("base_type", "first"),
    [
        ("extensions.geography(Point,4326)", "SRID=4326;POINT (7 7)"),
        ("geometry(PointZ,3857)", "SRID=3857;POINT Z(7 7 0)"),
        ("geometry(Polygon)", "POLYGON ((7 7,8 7,8 8,7 7))"),
        ("geometry", "POINT (7 7)"),
    ],
)
def test_a_column_of_postgis_gets_a_shape_of_its_kind_and_reference_system(
    base_type: str, first: str
) -> None:
    name = "geography" if "geography" in base_type else "geometry"
    column = replace(TEXT, type=base_type, base_type=base_type, base_name=name, category="U")
    found = candidates(relation(column=column), column, tag="A", number=7)
    assert found[0] == first
    assert candidates(relation(column=column), column, tag="A", number=8)[0] != first
