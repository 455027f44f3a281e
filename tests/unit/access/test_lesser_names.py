"""How users with one claim less or more, and those in a project's own role, are called."""

from __future__ import annotations

import pytest

from prospectr_db.access.matrix.facts import default_rows
from prospectr_db.access.matrix.lesser import is_lesser, lesser_base, with_claim, without_claim
from prospectr_db.access.personas.role_names import in_role, owner_in_role, role_of
from prospectr_db.access.review.phrases import people


@pytest.mark.parametrize(
    ("persona", "base", "words"),
    [
        ("owner without a second factor", "owner", "Owners without a second factor"),
        (
            "newcomer signed in anonymously",
            "newcomer",
            "Authenticated users signed in anonymously",
        ),
        (
            "role=admin with an unverified e-mail",
            "role=admin",
            "Users with role=admin with an unverified e-mail",
        ),
        (f"owner {with_claim('email', '*@a.io')}", "owner", "Owners with an e-mail at a.io"),
        (f"owner {with_claim('email', 'b@a.io')}", "owner", "Owners with the e-mail b@a.io"),
        (f"owner {without_claim('email')}", "owner", "Owners with an e-mail of another domain"),
        (f"owner {with_claim('plan', 'pro')}", "owner", "Owners with plan=pro"),
        (
            f"owner {without_claim('app_metadata.plan')}",
            "owner",
            "Owners without app_metadata.plan",
        ),
    ],
)
def test_a_user_with_another_token_is_known_by_his_name(
    persona: str, base: str, words: str
) -> None:
    assert is_lesser(persona)
    assert lesser_base(persona) == base
    assert people(persona) == words


@pytest.mark.parametrize(
    "persona",
    [
        *("owner", "stranger", "role=admin", "role=admin elsewhere", "removed member", "anon"),
        *("follower_id to the owner in follows", "app_metadata.role=admin of another tenant"),
        *("role reporter", "owner in the role reporter", "no sub", "an anonymous sign-in"),
    ],
)
def test_nobody_else_is_one(persona: str) -> None:
    assert not is_lesser(persona)
    assert lesser_base(persona) == persona


def test_a_role_is_known_by_its_name() -> None:
    assert [role_of(p) for p in (in_role("r"), owner_in_role("r"), "anon", "owner")] == [
        *("r", "r", "anon", "authenticated")
    ]
    assert people(in_role("r")) == "The role r, which tokens can name,"
    assert default_rows(owner_in_role("r"), owned=True) == "own"
    assert default_rows(in_role("r"), owned=True) == "other"
    assert default_rows("owner without a second factor", owned=True) == "own"
