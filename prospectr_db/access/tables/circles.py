"""Policies that ask a table whose own policies ask it again: every statement on it fails."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prospectr_db.access.policies.decisions import functions_behind
from prospectr_db.database.catalog import Catalog, Policy, Relation

__all__ = ["circle_of"]

_READING = ("select", "all")


def circle_of(catalog: Catalog, relation: Relation) -> tuple[tuple[str, str], ...]:
    """Return the policies, each with its table, that ask each other's tables again.

    Those to which the relation's own policies lead; none where they lead to no circle. What is
    asked with its owner's rights asks no policy.
    """
    reached = _reached(catalog, relation, commands=None)
    circle = [one for one in reached.values() if one.oid in _reached(catalog, one)]
    return tuple(
        (policy.name, table.label)
        for table in sorted(circle, key=lambda one: one.label)
        for policy in table.policies
        if policy.command in _READING
        and any(table.oid in _reached(catalog, one) for one in _asked(catalog, policy))
    )


def _reached(
    catalog: Catalog, relation: Relation, *, commands: tuple[str, ...] | None = _READING
) -> dict[int, Relation]:
    """Return the tables that policies of a relation ask, and theirs, and itself where it is one."""
    found: dict[int, Relation] = {}
    waiting = [p for p in relation.policies if commands is None or p.command in commands]
    while waiting:
        for other in _asked(catalog, waiting.pop()):
            if other.oid not in found:
                found[other.oid] = other
                waiting += [policy for policy in other.policies if policy.command in _READING]
    if commands is None:
        found[relation.oid] = relation
    return found


def _asked(catalog: Catalog, policy: Policy) -> Iterator[Relation]:
    """Yield the tables with policies that a policy selects from, be it in a function of its own."""
    helpers = functions_behind(catalog, [policy]).values()
    text = "\n".join((policy.text, *(f.source for f in helpers if not f.definer)))
    named = set(re.findall(r"\w+", text))
    for other in catalog.relations:
        if other.is_table and other.rls and other.name in named and _selects(text, other):
            yield other


def _selects(text: str, table: Relation) -> bool:
    name = rf'(?:"?\w+"?\.)?"?{re.escape(table.name)}"?(?![\w.])'
    return bool(re.search(rf"(?:\bFROM|\bJOIN|,)[\s(]*(?:ONLY\s+)?{name}", text, re.IGNORECASE))
