"""Columns into which somebody puts his own id: who approved, and whose it became."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from prospectr_db.access.policies.decisions import comparisons
from prospectr_db.access.policies.expressions import normalise
from prospectr_db.database.catalog import Catalog, Relation

if TYPE_CHECKING:
    from prospectr_db.access.ownership.ownership import Ownership


__all__ = ["missing_columns", "signing_columns"]


def signing_columns(catalog: Catalog, relation: Relation, users: Collection[str]) -> Iterator[str]:
    """Yield the columns that hold a user of which a policy asks only that they name the caller now.

    Whoever approves puts himself there, and so does whoever takes what is nobody's.
    """
    for policy in relation.policies:
        if policy.permissive and policy.command in ("update", "all") and policy.check:
            after, _ = comparisons(catalog, [(policy.check, policy.reads)])
            for name in users:
                here = relation.oid, name
                # Whoever asks a helper about the row as it was may compare it there.
                named = re.search(rf"\b{re.escape(name)}\b", policy.using or "")
                if here in after and (not named or _asks_for_none(policy.using, name)):
                    yield name


def missing_columns(relation: Relation, owner: Ownership) -> Iterator[str]:
    """Yield the columns that hold a user or nobody, which policies ask, of rows that have others.

    A row that lacks all its users is one without an owner, and tried as such.
    """
    for name in owner.users:
        others = {*owner.deciding} - {name} or owner.parents or owner.claims or owner.members
        asked = any(_asks_for_none(policy.text, name) for policy in relation.policies)
        if others and asked and not relation.by_name[name].not_null:
            yield name


def _asks_for_none(text: str | None, column: str) -> bool:
    said = rf"\b{re.escape(column)} IS (?:NOT )?NULL\b"
    return text is not None and re.search(said, normalise(text)) is not None
