"""How two sets of facts are compared: what counts as serious, and what is a project's own."""

from __future__ import annotations

from typing import Any

import pytest

from prospectr_db.platform.check import compare
from prospectr_db.platform.facts import expected
from prospectr_db.platform.install import Profile
from prospectr_db.report.platform import platform_check
from prospectr_db.report.style import Style


def _compare(wanted: dict[str, Any], found: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    report = compare(wanted, found, profile=Profile.CURRENT)
    return [(one.what, one.kind, one.name, one.severity) for one in report.differences]


@pytest.mark.parametrize("profile", list(Profile))
def test_a_platform_that_is_as_expected_has_no_difference(profile: Profile) -> None:
    report = compare(expected(profile), expected(profile), profile=profile)
    assert report.differences == ()
    assert report.is_as_believed
    assert report.agreeing > 800


def test_nothing_compared_is_not_agreement() -> None:
    assert not compare({}, {}, profile=Profile.CURRENT).is_as_believed


@pytest.mark.parametrize(
    ("kind", "wanted", "found", "severity"),
    [
        ("tables", {"row_security": True}, {"row_security": False}, "serious"),
        ("tables", {"owner": "a"}, {"owner": "b"}, "minor"),
        ("columns", {"type": "uuid"}, {"type": "uuid", "default": "gen()"}, "serious"),
        ("functions", {"security_definer": False}, {"security_definer": True}, "serious"),
        ("functions", {"volatility": "stable"}, {"volatility": "volatile"}, "minor"),
        ("functions", {"result": "uuid"}, {"result": "uuid", "settings": ["a=b"]}, "minor"),
        ("roles", {"attributes": "inherit"}, {"attributes": "inherit bypassrls"}, "serious"),
        ("roles", {"settings": ["a=1"]}, {"settings": ["a=2"]}, "minor"),
        ("grants", {"privileges": ["SELECT"]}, {"privileges": ["SELECT", "UPDATE"]}, "serious"),
        ("indexes", {"definition": "a"}, {"definition": "b"}, "minor"),
    ],
)
def test_a_difference_is_serious_where_it_can_turn_a_test_round(
    kind: str, wanted: dict[str, Any], found: dict[str, Any], severity: str
) -> None:
    told = _compare({kind: {"x": wanted}}, {kind: {"x": found}})
    assert told == [("different", kind, "x", severity)]


def test_facts_that_are_not_believed_in_are_not_compared() -> None:
    assert (
        _compare(
            {"functions": {"f": {"result": "int"}}},
            {"functions": {"f": {"result": "int", "body": "select 1"}}},
        )
        == []
    )


def test_missing_and_extra_objects_are_told() -> None:
    assert _compare({"tables": {"auth.a": {}}}, {"tables": {"auth.b": {}}}) == [
        ("missing", "tables", "auth.a", "serious"),
        ("extra", "tables", "auth.b", "minor"),
    ]


@pytest.mark.parametrize("kind", ["triggers", "policies", "roles", "extensions", "publications"])
def test_what_a_project_adds_is_no_difference(kind: str) -> None:
    assert _compare({kind: {}}, {kind: {"mine": {"anything": 1}}}) == []


def test_the_report_reads_from_serious_to_minor() -> None:
    report = compare(
        {"indexes": {"i": {"definition": "a"}}, "tables": {"t": {"row_security": True}}},
        {"indexes": {}, "tables": {"t": {"row_security": False}}},
        profile=Profile.CURRENT,
    )
    text = platform_check(report, Style(width=100, color=False))
    assert text.index("tables: t: expected row_security true; found row_security false") < (
        text.index("indexes: i")
    )
    assert text.endswith(
        "0 objects of the platform as believed, 2 differences, profile c (autumn 2026)"
    )


def test_a_privilege_too_many_is_serious_where_its_object_is_known() -> None:
    tables = {"auth.users": {"row_security": True}}
    found = {"table auth.users to anon": {}, "table auth.later to anon": {}}
    assert _compare({"tables": tables, "grants": {}}, {"tables": tables, "grants": found}) == [
        ("extra", "grants", "table auth.later to anon", "minor"),
        ("extra", "grants", "table auth.users to anon", "serious"),
    ]
