from __future__ import annotations

import json
from uuid import UUID

import pytest

from prospectr_db.access.personas import personas
from prospectr_db.access.personas.personas import Persona

ID = UUID("11111111-1111-4111-8111-111111111111")


def test_a_user_has_the_claims_of_a_supabase_access_token() -> None:
    payload = personas.user(ID, "ada@example.com").payload
    assert payload is not None
    assert {key: payload[key] for key in ("sub", "role", "aud", "email")} == {
        "sub": str(ID),
        "role": "authenticated",
        "aud": "authenticated",
        "email": "ada@example.com",
    }
    assert payload["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert payload["user_metadata"] == {}
    assert payload["aal"] == "aal1"
    assert payload["amr"][0]["method"] == "password"
    assert payload["is_anonymous"] is False
    assert UUID(payload["session_id"])
    assert payload["iat"] < payload["exp"]


def test_two_runs_see_the_same_token() -> None:
    assert personas.user(ID) == personas.user(str(ID))


def test_an_anonymous_user_is_authenticated_without_an_address() -> None:
    persona = personas.user(ID, is_anonymous=True)
    payload = persona.payload
    assert payload is not None
    assert persona.role == "authenticated"
    assert payload["is_anonymous"] is True
    assert payload["email"] == ""
    assert payload["app_metadata"] == {}
    assert payload["amr"][0]["method"] == "anonymous"


@pytest.mark.parametrize("persona", [personas.anon(), personas.service_role()])
def test_an_api_key_names_nobody(persona: Persona) -> None:
    assert persona.role == persona.role_claim == persona.name
    assert persona.sub is None
    assert "aud" not in (persona.payload or {})


def test_custom_claims_come_last_and_replace() -> None:
    persona = personas.user(ID, claims={"org_id": 7, "aud": "elsewhere"})
    assert persona.payload is not None
    assert persona.payload["org_id"] == 7
    assert persona.payload["aud"] == "elsewhere"


def test_claims_may_have_any_type() -> None:
    persona = personas.user(ID).with_claims({"sub": 7, "role": None})
    assert persona.sub is None
    assert persona.role_claim is None
    assert persona.role == "authenticated"
    assert json.loads(persona.claims or "")["sub"] == 7


def test_claims_can_be_taken_away() -> None:
    persona = personas.user(ID).without_claims("sub", "aud", "no such claim", name="nobody")
    assert persona.name == "nobody"
    assert persona.payload is not None
    assert not {"sub", "aud"} & persona.payload.keys()


@pytest.mark.parametrize("text", [None, "", "not json", "[]", '"text"', "1", "null"])
def test_what_is_no_object_has_no_payload(text: str | None) -> None:
    persona = personas.user(ID).with_raw_claims(text)
    assert persona.claims == text
    assert persona.payload is None
    assert persona.sub is None


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"role": "service_role"}, "service_role"),
        ({"sub": "x"}, "anon"),
        ({"role": 7}, "anon"),
        (None, "anon"),
        ("", "anon"),
        ('{"role": "authenticated"}', "authenticated"),
    ],
)
def test_the_role_is_the_claim_or_anon(claims: dict[str, object] | str | None, role: str) -> None:
    assert Persona.from_claims("x", claims).role == role


def test_a_given_role_wins_over_the_claim() -> None:
    assert Persona.from_claims("x", {"role": "anon"}, role="service_role").role == "service_role"


def test_a_persona_can_be_a_key() -> None:
    assert len({personas.anon(), personas.anon(), personas.service_role()}) == 2
    assert personas.anon().named("visitor") != personas.anon()
