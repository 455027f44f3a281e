"""Right schemas of ordinary projects are left alone without a contract."""

from __future__ import annotations

import pytest

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator
from tests.integration.access.ordinary import OPEN, ORDINARY


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_schema_has_only_defensible_findings(name: str, target: Target) -> None:
    sql, expected = ORDINARY[name]
    with connect_as_migrator(target) as connection:
        connection.execute(OPEN + sql)  # type: ignore[call-overload]
    found = [f for f in judge(observe(target)) if f.severity == "error"]
    assert {(f.kind, f.relation) for f in found} == expected, [f.sentence for f in found]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        # Whoever is an admin somewhere is one everywhere.
        (
            (
                "alter policy change on public.members"
                " using (private.is_admin(org_id)) with check (true)"
            ),
            "re-parent",
        ),
        (
            (
                "create policy self on public.members for update to authenticated"
                " using (user_id = (select auth.uid())) with check (true)"
            ),
            "transfer",
        ),
        (
            (
                "create policy self on public.members for update to authenticated"
                " using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()))"
            ),
            "escalation",
        ),
    ],
)
def test_what_an_admin_may_do_in_his_organisation_nobody_may_do_elsewhere(
    change: str, rule: str, target: Target
) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(OPEN + ORDINARY["organisations with roles"][0])  # type: ignore[call-overload]
        connection.execute(change)  # type: ignore[call-overload]
    found = [f for f in judge(observe(target)) if f.severity == "error"]
    assert (rule, "members") in {(f.rule, f.relation) for f in found}, [f.sentence for f in found]
