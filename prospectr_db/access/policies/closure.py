"""What leads to something, directly or through others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from prospectr_db.database.catalog import Catalog, Relation

__all__ = ["below", "leading_to"]


def below(catalog: Catalog, relation: Relation) -> set[int]:
    """Return a relation and all that points at it, directly or through others."""
    near = {r.oid: [fk.target for fk in r.foreign_keys if fk.target] for r in catalog.relations}
    return leading_to({relation.oid}, near)


def leading_to(ends: Iterable[int], near: Mapping[int, Collection[int]]) -> set[int]:
    """Return ``ends`` and all from which one of them is reached; ``near`` is one step from each."""
    found = set(ends)
    while more := {oid for oid, others in near.items() if oid not in found and found & {*others}}:
        found |= more
    return found
