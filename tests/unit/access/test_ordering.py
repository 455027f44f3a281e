"""What a text only sorts by is not what it asks for."""

from __future__ import annotations

import pytest

from prospectr_db.access.policies.ordering import only_orders_by, without_ordering


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (
            "select id from suppliers where owner_id = auth.uid() order by created_at asc limit 1",
            "select id from suppliers where owner_id = auth.uid() limit 1",
        ),
        (
            "a = (select id from tenants order by coalesce(x, y), id) and created_at > now()",
            "a = (select id from tenants ) and created_at > now()",
        ),
        ("select array_agg(a order by b) filter (where c) from t", "select array_agg(a ) filter "),
        (
            "for r in select a from t order by b loop c := 1; end loop",
            "for r in select a from t loop",
        ),
        ("select a from t order by b -- c\n; c", "select a from t ; c"),
        ("where an_order by_name", "where an_order by_name"),
    ],
)
def test_a_list_to_sort_by_ends_where_it_does(text: str, left: str) -> None:
    assert without_ordering(text).startswith(left)


def test_a_column_that_is_asked_for_as_well_is_asked_for() -> None:
    asked = "select id from t where created_at > now() order by created_at"
    sorted_by = "select id from t order by t.created_at desc"
    assert not only_orders_by(asked, "created_at")
    assert only_orders_by(sorted_by, "created_at")
    assert not only_orders_by(sorted_by, "id")
