"""Which claims with which values something asks of a token, and how a token gets or loses them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.policies.expressions import EACH, claim_keys, literals

__all__ = [
    "Option",
    "addresses",
    "holding",
    "lacking",
    "methods",
    "put",
    "said_at",
    "shown",
    "whole",
]

Path = tuple[str, ...]
_EMAIL, _AMR = ("email",), ("amr",)
_SIGNED_AT = 1_767_225_600  # 2026-01-01T00:00:00Z, as in every token here
_METHODS = ("password", "otp", "oauth", "totp", "magiclink", "recovery", "invite", "anonymous")
_ADDRESS = re.compile(
    r"(?:(?P<local>[\w.+-]*)@)?(?P<domain>[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})[%$]*$",
    re.IGNORECASE,
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Option:
    """A claim by its path, and a value that is asked for: a plan, the domain of an address."""

    path: Path
    value: str | bool

    @property
    def claim(self) -> str:
        """The claim as names of personas spell it."""
        return ".".join(self.path)


def shown(value: str | bool) -> str:
    """Return a value as names of personas spell it."""
    return "true" if value is True else str(value)


def holding(persona: Persona, option: Option) -> Persona:
    """Return a persona whose token holds one more claim, beside those that are there."""
    claims = dict(persona.payload or {})
    if option.path == _EMAIL:
        return persona.with_claims({"email": address(persona, str(option.value))})
    if option.path == _AMR:
        said = str(option.value)
        first: dict[str, Any] = {"method": "sso/saml" if _UUID.fullmatch(said) else said}
        if _UUID.fullmatch(said):
            first["provider"] = said
        held = [{**first, "timestamp": _SIGNED_AT}, *_others(claims, said)]
        return persona.with_claims({"amr": held})
    put(claims, option.path, option.value)
    return persona.with_claims(claims)


def whole(path: Sequence[str]) -> Path:
    """Return the path of a claim: of an element, that of its list."""
    return tuple(path[:-1] if path[-1] == EACH else path)


def put(claims: dict[str, Any], path: Sequence[str], value: object) -> None:
    """Set a claim by its path, in objects that nobody else holds; of a list the one element."""
    value, path = [value] if path[-1] == EACH else value, whole(path)
    inner = claims
    for key in path[:-1]:
        found = inner.get(key)
        inner[key] = dict(found) if isinstance(found, dict) else {}
        inner = inner[key]
    inner[path[-1]] = value


def said_at(claims: Mapping[str, Any], path: Sequence[str]) -> object:
    """Return what claims say at a path; of a list its first element."""
    value: object = claims
    for key in path:
        if key == EACH:
            value = value[0] if isinstance(value, list) and value else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def _others(claims: dict[str, Any], method: str) -> list[Any]:
    held = claims.get("amr")
    return [m for m in held if m.get("method") != method] if isinstance(held, list) else []


def lacking(persona: Persona, path: Path, text: str) -> Persona:
    """Return a persona whose token lacks a claim; where every token has one, it says another."""
    if path == _EMAIL:
        return persona.with_claims({"email": address(persona, "*@elsewhere.example")})
    if path == _AMR:
        method = next((m for m in ("oauth", "magiclink", "invite") if m not in text), "recovery")
        return persona.with_claims({"amr": [{"method": method, "timestamp": _SIGNED_AT}]})
    claims = json.loads(persona.claims or "{}")
    inner = claims
    path = whole(path)
    for key in path[:-1]:
        inner = inner.get(key) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        inner.pop(path[-1], None)
    return persona.with_raw_claims(json.dumps(claims, separators=(",", ":")))


def address(persona: Persona, value: str) -> str:
    """Return an e-mail address: the one that is meant, or the persona's own at another domain."""
    local, _, domain = value.rpartition("@")
    own = str((persona.payload or {}).get("email") or "somebody").partition("@")[0]
    return f"{own}@{domain}" if local in ("", "*") else value


def addresses(texts: Iterable[str]) -> Iterator[Option]:
    """Yield the e-mail addresses and domains that texts compare the caller's with."""
    for text in texts:
        if "mail" not in text or not (_EMAIL in claim_keys(text) or "auth.users" in text):
            continue
        parts = "'@'" in text
        for said in literals(text):
            found = _ADDRESS.search(said.replace("\\", ""))
            if found is None or said.startswith("request.jwt"):
                continue
            if found["local"] is None and not parts:
                continue
            full = bool(found["local"]) and found.start() == 0
            domain = found["domain"].lower()
            yield Option(_EMAIL, f"{found['local']}@{domain}" if full else f"*@{domain}")


def methods(texts: Iterable[str]) -> Iterator[Option]:
    """Yield the ways of signing in, or who vouches for them (claim ``amr``), that are asked for."""
    for text in texts:
        if not re.search(r"\bamr\b", text):
            continue
        for said in literals(text):
            inner = re.findall(r'"(?:method|provider)"\s*:\s*"([^"]+)"', said)
            for value in inner or [said]:
                if (
                    value in _METHODS
                    or value.startswith(("mfa/", "sso/"))
                    or _UUID.fullmatch(value)
                ):
                    yield Option(_AMR, value)
