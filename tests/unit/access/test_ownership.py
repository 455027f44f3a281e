"""Spellings of the caller that mean the same, and what is read out of an expression."""

from __future__ import annotations

import pytest

from prospectr_db.access.policies.expressions import claim_keys, literals, normalise


@pytest.mark.parametrize(
    "spelling",
    [
        "(auth.uid() = user_id)",
        "(( SELECT auth.uid() AS uid) = user_id)",
        "((select auth.uid()) = user_id)",
        "(((auth.jwt() ->> 'sub'::text))::uuid = user_id)",
        (
            "((NULLIF(current_setting('request.jwt.claim.sub'::text, true), ''::text))::uuid"
            " = user_id)"
        ),
    ],
)
def test_every_spelling_of_the_caller_becomes_one(spelling: str) -> None:
    assert normalise(spelling).replace(", ''", "").split() == ["@uid", "=", "user_id"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("((auth.jwt() ->> 'email'::text) = email)", ("email",)),
        ("((auth.jwt() -> 'app_metadata'::text) ->> 'role'::text)", ("app_metadata", "role")),
        ("(auth.jwt() #>> '{app_metadata,org}'::text[])", ("app_metadata", "org")),
        (
            "(( SELECT ((auth.jwt() -> 'user_metadata'::text) ->> 'plan'::text)) = 'pro'::text)",
            ("user_metadata", "plan"),
        ),
        (
            "(( SELECT ((auth.jwt() -> 'app_metadata'::text) -> 'teams'::text)) ? (team)::text)",
            ("app_metadata", "teams", "*"),
        ),
        (
            (
                "(EXISTS ( SELECT 1 FROM jsonb_array_elements_text((auth.jwt() -> 'teams'::text))"
                " t(value) WHERE (t.value = projects.team)))"
            ),
            ("teams", "*"),
        ),
        ("((auth.jwt() -> 'roles'::text) ? 'admin'::text)", ("roles",)),
        ("(to_jsonb(team) <@ (auth.jwt() -> 'teams'::text))", ("teams", "*")),
    ],
)
def test_the_claims_that_an_expression_reads_are_found(text: str, path: tuple[str, ...]) -> None:
    assert path in claim_keys(text)


def test_literals_are_texts_and_numbers_without_repeats() -> None:
    assert literals("a = 'x' and b in ('y', 'it''s') and c > 10 and d = 'x'") == (
        "x",
        "y",
        "it's",
        "10",
    )
