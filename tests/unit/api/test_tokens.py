"""Tokens are what PyJWT, which Supabase's own tools can read, makes of the same claims."""

from __future__ import annotations

import base64
import json

import jwt
import pytest

from prospectr_db.access.personas import personas
from prospectr_db.api.tokens import anon_key, mint, service_key, token_of

SECRET = "a-secret-of-at-least-thirty-two-bytes"


def test_another_library_verifies_them() -> None:
    owner = personas.user("11111111-1111-4111-8111-111111111111", "o@example.com")
    read = jwt.decode(
        token_of(owner, SECRET), SECRET, algorithms=["HS256"], audience="authenticated"
    )
    assert read == owner.payload


@pytest.mark.parametrize(("make", "role"), [(anon_key, "anon"), (service_key, "service_role")])
def test_the_keys_carry_their_roles(make: object, role: str) -> None:
    read = jwt.decode(make(SECRET), SECRET, algorithms=["HS256"])  # type: ignore[operator]
    assert read["role"] == role
    assert read["iss"] == "supabase"


def test_another_secret_does_not_verify() -> None:
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(anon_key(SECRET), SECRET + "x", algorithms=["HS256"])


def test_claims_may_be_any_text() -> None:
    body = mint('{"sub": 7, "role": "anon"}', SECRET).split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(body + "==")) == {"sub": 7, "role": "anon"}


def test_a_persona_without_claims_has_no_token() -> None:
    with pytest.raises(ValueError, match="no claims"):
        token_of(personas.anon().with_raw_claims(None), SECRET)
