"""JSON Web Tokens as Supabase's legacy keys are: HS256, signed with the project's JWT secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from prospectr_db.access.personas.personas import Persona, anon, service_role

__all__ = ["anon_key", "mint", "service_key", "token_of"]

_HEADER = {"alg": "HS256", "typ": "JWT"}


def mint(claims: Mapping[str, Any] | str, secret: str) -> str:
    """Return a signed token (RFC 7519) with these claims, which may be JSON text already."""
    payload = claims if isinstance(claims, str) else json.dumps(claims, separators=(",", ":"))
    head = _part(json.dumps(_HEADER, separators=(",", ":")).encode())
    body = b".".join((head, _part(payload.encode())))
    signature = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return b".".join((body, _part(signature))).decode("ascii")


def token_of(persona: Persona, secret: str) -> str:
    """Return the token that makes the API see a persona. Raises ValueError without claims."""
    if not persona.payload:
        raise ValueError(f"{persona.name} has no claims that a token could carry")
    return mint({**persona.payload, "role": persona.role}, secret)


def anon_key(secret: str) -> str:
    """Return the key that front ends show."""
    return token_of(anon(), secret)


def service_key(secret: str) -> str:
    """Return the key that back ends show."""
    return token_of(service_role(), secret)


def _part(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
