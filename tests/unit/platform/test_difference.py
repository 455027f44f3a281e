"""Two snapshots side by side: what was added, removed and changed, in a fixed order."""

from __future__ import annotations

from prospectr_db.database.snapshot import Key, difference

_NOTES = Key("tables", "public.notes")
_OWN = Key("policies", "public.notes.own")
_GRANT = Key("grants", "table public.notes to anon")


def test_equal_snapshots_do_not_differ() -> None:
    assert difference({_NOTES: {"owner": "a"}}, {_NOTES: {"owner": "a"}}) == ()


def test_changes_come_by_kind_and_name_with_the_facts_that_differ() -> None:
    changes = difference(
        {_NOTES: {"owner": "a", "kind": "table"}, _OWN: {"using": "true"}},
        {_NOTES: {"owner": "b", "kind": "table"}, _GRANT: {"privileges": ["SELECT"]}},
    )
    assert [(change.action, change.object) for change in changes] == [
        ("added", "grant on table public.notes to anon"),
        ("removed", "policy public.notes.own"),
        ("changed", "table public.notes"),
    ]
    assert changes[1].after is None
    assert changes[2].before == {"owner": "a"}
    assert changes[2].after == {"owner": "b"}
    assert changes[2].what == ("owner",)


def test_a_fact_that_came_or_went_is_a_change() -> None:
    (change,) = difference({_NOTES: {}}, {_NOTES: {"options": ["fillfactor=70"]}})
    assert change.before == {"options": None}
