"""States of the owner's own standing: what he may on rows of his own while he is suspended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from prospectr_db.database.catalog import Catalog

if TYPE_CHECKING:
    from prospectr_db.access.ownership.ownership import Ownership
    from prospectr_db.access.probes.plan_states import RowStates

__all__ = ["own_standings", "states_of_standing"]

Column = tuple[int, str]
"""A relation's oid and a column's name."""


def own_standings(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    asked: Mapping[int, Iterable[Column]],
) -> dict[int, frozenset[tuple[str, str]]]:
    """Return by relation which standings of its rows' users decide about them: (table, column).

    ``asked`` is what `asked_far` returns. There are users who have a standing, but they own nothing
    else: what they may on rows of their own is seen of the owner as long as he is one of them.
    """
    return {
        relation.oid: frozenset(
            (catalog.by_oid[oid].name, name)
            for oid, name in asked[relation.oid]
            if oid in ownership and name in ownership[oid].weakest and oid != relation.oid
        )
        for relation in catalog.relations
        if _is_personal(catalog, ownership, relation.oid, set())
    }


def _is_personal(
    catalog: Catalog, ownership: Mapping[int, Ownership], oid: int, seen: set[int]
) -> bool:
    """Whether rows are one user's, directly or through what is above, and not all members'."""
    owner, relation = ownership[oid], catalog.by_oid[oid]
    if owner.deciding or owner.members:
        return bool(owner.deciding)
    seen.add(oid)
    return any(
        _is_personal(catalog, ownership, fk.target, seen)
        for fk in relation.foreign_keys
        if fk.target is not None and fk.target in ownership and fk.target not in seen
        if ", ".join(fk.columns) in owner.parents
    )


def states_of_standing(plan: RowStates) -> Iterator[tuple[str, str]]:
    """Yield the states of the owner's standing, as a name and the statement that makes it.

    Of a list that gives power there are none: he is on none.
    """
    told, lists = plan.owner.own_standing, plan.world.rosters
    tables = {table for table, _ in told}
    for relation in plan.catalog.own_relations if plan.source.oid not in lists else ():
        if relation.name in tables and relation is not plan.source and relation.oid not in lists:
            yield from plan.states_of_table(relation, told)
