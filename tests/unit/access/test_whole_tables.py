"""That a policy is for whoever is signed in has several spellings, as the server deparses them."""

from __future__ import annotations

import pytest

from prospectr_db.access.policies.whole_tables import opens_every_row


@pytest.mark.parametrize(
    "condition",
    [
        "true",
        "(auth.role() = 'authenticated'::text)",
        "(( SELECT auth.role() AS role) = 'authenticated'::text)",
        "('authenticated'::text = auth.role())",
        "((auth.jwt() ->> 'role'::text) = 'authenticated'::text)",
        "(auth.uid() IS NOT NULL)",
        "(( SELECT auth.uid() AS uid) IS NOT NULL)",
        "((auth.uid() IS NOT NULL) AND (auth.role() = 'authenticated'::text))",
        "(auth.role() = ANY (ARRAY['anon'::text, 'authenticated'::text]))",
        "(CURRENT_USER = 'authenticated'::name)",
    ],
)
def test_whoever_is_signed_in_reads_every_row(condition: str) -> None:
    assert opens_every_row(condition)


@pytest.mark.parametrize(
    "condition",
    [
        "false",
        "(is_public = true)",
        "(auth.uid() = user_id)",
        "((auth.role() = 'authenticated'::text) AND is_public)",
        "((auth.uid() IS NOT NULL) AND (deleted_at IS NULL))",
        "(user_id IS NOT NULL)",
        "((auth.jwt() ->> 'email'::text) IS NOT NULL)",
        "is_admin()",
    ],
)
def test_a_condition_on_the_row_or_the_user_is_another_matter(condition: str) -> None:
    assert not opens_every_row(condition)
