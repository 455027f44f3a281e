"""How users are called who are in a role of the project's own, and which role they are in."""

from __future__ import annotations

from prospectr_db.access.personas.personas import ANON, AUTHENTICATED, SERVICE_ROLE

__all__ = ["in_role", "is_in_role", "is_owner_in_role", "owner_in_role", "role_of", "role_words"]

_ROLE, _OWNER = "role ", "owner in the role "


def in_role(role: str) -> str:
    """Return the name of whoever owns nothing and is in a role."""
    return f"{_ROLE}{role}"


def owner_in_role(role: str) -> str:
    """Return the name of the owner in a role."""
    return f"{_OWNER}{role}"


def is_owner_in_role(persona: str) -> bool:
    """Whether a persona is the owner, in a role of the project's own."""
    return persona.startswith(_OWNER)


def is_in_role(persona: str) -> bool:
    """Whether a persona is in a role of the project's own."""
    return persona.startswith((_ROLE, _OWNER))


def role_of(persona: str) -> str:
    """Return the database role of a persona by its name; most are in ``authenticated``."""
    if is_in_role(persona):
        return persona.removeprefix(_OWNER).removeprefix(_ROLE)
    return persona if persona in (ANON, SERVICE_ROLE) else AUTHENTICATED


def role_words(persona: str) -> str:
    """Return such a persona in words."""
    role = f"the role {role_of(persona)}, which tokens can name,"
    return f"owners in {role}" if is_owner_in_role(persona) else role
