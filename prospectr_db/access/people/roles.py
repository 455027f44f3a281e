"""Roles of a project's own that a token can name: who knocks in them, and where they may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prospectr_db.access.personas.knocks import Knocker
from prospectr_db.access.personas.role_names import in_role, owner_in_role
from prospectr_db.access.rows.inhabitants import NEWCOMER, OWNER
from prospectr_db.database.catalog import Catalog

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = ["role_personas"]

_PRIVILEGES = "rawdD"


def role_personas(observation: Observation) -> Iterator[Knocker]:
    """Yield a user without rows in each role that authenticator may become, and the owner.

    Each is tried on what the role holds a privilege on, and calls what it may call. A role that
    may do nothing has nobody in it.
    """
    actors, catalog = observation.world.actors, observation.catalog
    for role in catalog.assumable:
        only = _held_by(catalog, role)
        calls = frozenset(f.oid for f in catalog.functions if role in f.callable_by)
        if not only and not calls:
            continue
        for key, name in ((NEWCOMER, in_role(role)), (OWNER, owner_in_role(role))):
            persona = actors[key].persona(name, role=role)
            yield Knocker(persona, key, only=only, calls=calls)


def _held_by(catalog: Catalog, role: str) -> frozenset[int]:
    """Return the relations on which a role holds any privilege, by itself or by membership.

    A partition is told by the table that it is part of.
    """
    found = {
        relation.oid
        for relation in catalog.relations
        if any(relation.holds_any(role, letter) for letter in _PRIVILEGES)
    }
    while above := {up for oid in found for up in catalog.by_oid[oid].parents} - found:
        found |= above & catalog.by_oid.keys()
    return frozenset(found)
