"""Columns into which somebody puts his own id: who approved, and whose it became."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from prospectr_db.access.policies.decisions import comparisons
from prospectr_db.access.policies.expressions import normalise
from prospectr_db.access.policies.spelling import Tree, as_text, parsed, sides, stripped
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
    """Yield the columns that hold a user, or the key of a parent, or nothing, which policies ask.

    A user's of rows that have others: one that lacks all of them is without an owner, and tried as
    such whatever policies ask.
    """
    texts = [policy.text for policy in relation.policies]
    for name in owner.users:
        others = {*owner.deciding} - {name} or owner.parents or owner.claims or owner.members
        asked = any(_asks_for_none(text, name) for text in texts)
        if others and asked and not relation.by_name[name].not_null:
            yield name
    for name in owner.parents:
        column = relation.by_name.get(name)
        if column is not None and not column.not_null and any(_turns_on(t, name) for t in texts):
            yield name


def _turns_on(text: str, column: str) -> bool:
    """Whether it makes a difference to a policy that a key is null: nothing else there says so.

    What stands beside `IS NOT NULL` and asks for the row that the key leads to finds none then.
    """
    return _asks_for_none(text, column) and _found(parsed(text), re.compile(rf"\b{column}\b"))


def _found(node: Tree, named: re.Pattern[str]) -> bool:
    words = {part for part in node if isinstance(part, str)}
    for word in ("OR", "AND"):
        if word in words and "SELECT" not in words:
            parts = [side for side in sides(node, word) if named.search(as_text(side))]
            spare = word == "AND" and len(parts) > 1
            return any(_found(p, named) for p in parts if not (spare and _is_not_null(p)))
    if {"IS", "NULL"} <= words and named.search(as_text(node)):
        return True
    return any(_found(part, named) for part in node if isinstance(part, list))


def _is_not_null(node: Tree) -> bool:
    return stripped(node)[-3:] == ["IS", "NOT", "NULL"]


def _asks_for_none(text: str | None, column: str) -> bool:
    said = rf"\b{re.escape(column)} IS (?:NOT )?NULL\b"
    return text is not None and re.search(said, normalise(text)) is not None
