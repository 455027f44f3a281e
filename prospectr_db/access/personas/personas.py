"""Who knocks: a database role and the JWT claims that come with it.

The claims have the shapes that Supabase Auth issues (Supabase's documentation, "JWT Claims
Reference"); times are fixed, so that two runs see the same tokens.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

__all__ = ["ANON", "AUTHENTICATED", "SERVICE_ROLE", "Persona", "anon", "service_role", "user"]

ANON = "anon"
AUTHENTICATED = "authenticated"
SERVICE_ROLE = "service_role"

_ISSUED_AT = 1_767_225_600  # 2026-01-01T00:00:00Z
_EXPIRES_AT = 4_102_444_800  # 2100-01-01T00:00:00Z: a probe is never too late
_PROJECT_REF = "prospectrlocalproject"  # 20 lower-case letters, as every project ref


@dataclass(frozen=True, slots=True)
class Persona:
    """A role of the database, and the text of ``request.jwt.claims``.

    ``claims`` is text and not a mapping, because an adversary's claims need not be an object, or
    JSON at all. None means that the setting was never made, ``""`` that it is empty.
    """

    name: str
    role: str
    claims: str | None = None

    @classmethod
    def from_claims(
        cls, name: str, claims: Mapping[str, Any] | str | None, *, role: str | None = None
    ) -> Persona:
        """Make a persona whose role is its claim ``role``, or anon, as PostgREST decides it."""
        text = claims if claims is None or isinstance(claims, str) else _dump(claims)
        made = cls(name, role or ANON, text)
        return made if role else replace(made, role=made.role_claim or ANON)

    @property
    def payload(self) -> dict[str, Any] | None:
        """The claims as an object, or None where they are absent or anything else."""
        try:
            value = json.loads(self.claims or "")
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    @property
    def sub(self) -> str | None:
        """The subject claim where it is text: the id of the auth user."""
        value = (self.payload or {}).get("sub")
        return value if isinstance(value, str) else None

    @property
    def role_claim(self) -> str | None:
        """The role claim where it is text."""
        value = (self.payload or {}).get("role")
        return value if isinstance(value, str) else None

    @property
    def has_sound_claims(self) -> bool:
        """Whether the claims are as Auth issues them: an object, its ``sub`` an id or absent."""
        payload = self.payload
        if payload is None or payload.get("sub") is None:
            return payload is not None or not self.claims
        try:
            UUID(self.sub or "")
        except ValueError:
            return False
        return True

    def named(self, name: str) -> Persona:
        """Return the same persona under another name."""
        return replace(self, name=name)

    def with_claims(self, changes: Mapping[str, Any], *, name: str | None = None) -> Persona:
        """Return a copy with some claims set to any JSON value; the database role stays."""
        claims = _dump({**(self.payload or {}), **changes})
        return replace(self, claims=claims, name=name or self.name)

    def without_claims(self, *claims: str, name: str | None = None) -> Persona:
        """Return a copy that lacks some claims; the database role stays."""
        kept = {key: value for key, value in (self.payload or {}).items() if key not in claims}
        return replace(self, claims=_dump(kept), name=name or self.name)

    def with_raw_claims(self, text: str | None, *, name: str | None = None) -> Persona:
        """Return a copy whose claims are exactly this text: empty, not JSON, or None (absent)."""
        return replace(self, claims=text, name=name or self.name)


def anon() -> Persona:
    """Return the visitor who shows only the project's anon key: no ``sub``, no ``aud``."""
    return Persona("anon", ANON, _dump(_api_key(ANON)))


def service_role() -> Persona:
    """Return the backend that shows the project's service key and bypasses RLS."""
    return Persona("service_role", SERVICE_ROLE, _dump(_api_key(SERVICE_ROLE)))


def user(
    sub: UUID | str,
    email: str | None = None,
    *,
    name: str | None = None,
    role: str = AUTHENTICATED,
    phone: str = "",
    aal: str = "aal1",
    methods: Sequence[str] = ("password",),
    session_id: UUID | str | None = None,
    is_anonymous: bool = False,
    app_metadata: Mapping[str, Any] | None = None,
    user_metadata: Mapping[str, Any] | None = None,
    claims: Mapping[str, Any] | None = None,
) -> Persona:
    """Return a signed-in user with the access token that Supabase Auth would issue.

    ``app_metadata`` is the server's to write, ``user_metadata`` the user's own. ``claims`` are
    added last and may replace any of the others, as a custom access token hook does.
    """
    subject = str(sub)
    provider = {} if is_anonymous else {"provider": "email", "providers": ["email"]}
    token: dict[str, Any] = {
        "iss": f"https://{_PROJECT_REF}.supabase.co/auth/v1",
        "sub": subject,
        "aud": AUTHENTICATED,
        "exp": _EXPIRES_AT,
        "iat": _ISSUED_AT,
        "email": "" if is_anonymous else email or f"{subject}@example.com",
        "phone": phone,
        "app_metadata": dict(provider if app_metadata is None else app_metadata),
        "user_metadata": dict(user_metadata or {}),
        "role": role,
        "aal": aal,
        "amr": [
            {"method": method, "timestamp": _ISSUED_AT}
            for method in (("anonymous",) if is_anonymous else methods)
        ],
        "session_id": str(session_id or uuid5(NAMESPACE_URL, f"session:{subject}")),
        "is_anonymous": is_anonymous,
    }
    return Persona(name or subject, role, _dump({**token, **(claims or {})}))


def _api_key(role: str) -> dict[str, Any]:
    return {
        "iss": "supabase",
        "ref": _PROJECT_REF,
        "role": role,
        "iat": _ISSUED_AT,
        "exp": _EXPIRES_AT,
    }


def _dump(claims: Mapping[str, Any]) -> str:
    return json.dumps(claims, separators=(",", ":"), default=str)
