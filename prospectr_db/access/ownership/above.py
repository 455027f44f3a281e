"""What stands above a row, below and beside it, and which states of all that decide about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from prospectr_db.access.policies.decisions import asked_by_policies
from prospectr_db.database.catalog import PLATFORM_SCHEMAS, Catalog, Constraint, Relation

if TYPE_CHECKING:
    from prospectr_db.access.ownership.ownership import Ownership

__all__ = [
    "above",
    "asked_far",
    "below_and_beside",
    "beside_new",
    "states_above",
    "states_beside_new",
]


def above(catalog: Catalog, relation: Relation) -> Iterator[tuple[Constraint, Relation]]:
    """Yield a relation's parents and then theirs, each once, with the key that leads there."""
    seen = {relation.oid}
    parents: list[tuple[Constraint, Relation]] = []
    for fk in relation.foreign_keys:
        parent = catalog.by_oid.get(fk.target or 0)
        if parent is not None and parent.oid != relation.oid:
            seen.add(parent.oid)
            parents.append((fk, parent))
    yield from parents
    for fk, parent in parents:
        for further in parent.foreign_keys if parent.schema not in PLATFORM_SCHEMAS else ():
            top = catalog.by_oid.get(further.target or 0)
            if top is not None and top.oid not in seen and top.schema not in PLATFORM_SCHEMAS:
                seen.add(top.oid)
                yield fk, top


def below_and_beside(
    catalog: Catalog, relation: Relation, asked: Iterable[Relation]
) -> Iterator[Relation]:
    """Yield the tables whose rows hang under a relation's, and those that share a parent with them.

    Of those ``asked``, by a policy that looks there: orders that a payment was made for, what a
    shared budget is about.
    """
    users = catalog.users.oid if catalog.users is not None else None
    near = {relation.oid} | {fk.target for fk in relation.foreign_keys} - {users, None}
    tops = {relation.oid, *(top.oid for _, top in above(catalog, relation))}
    for other in asked:
        fits = other.is_table and not other.is_partition and other.oid not in tops
        if fits and near & {fk.target for fk in other.foreign_keys}:
            yield other


def beside_new(
    catalog: Catalog, relation: Relation, asked: Iterable[Relation]
) -> Iterator[tuple[Constraint, Relation]]:
    """Yield the tables beside a new row, and those above them, of those that are ``asked``.

    The subscription of the account that a document is for, and its plan; each with the key by which
    the new row comes to it.
    """
    found = list(asked)
    seen = {relation.oid, *(top.oid for _, top in above(catalog, relation))}
    for other in below_and_beside(catalog, relation, found):
        targets = {fk.target for fk in other.foreign_keys} - {relation.oid, None}
        link = next((fk for fk in relation.foreign_keys if fk.target in targets), None)
        for table in (other, *(top for _, top in above(catalog, other))) if link else ():
            if link and table in found and table.oid not in seen:
                seen.add(table.oid)
                yield link, table


def states_beside_new(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    relation: Relation,
    asked: Collection[tuple[int, str]],
) -> frozenset[tuple[str, str]]:
    """Return which states beside a new row decide about it, of the columns ``asked`` for then."""
    read = {oid for oid, _ in asked}
    tables = [other for other in catalog.own_relations if other.oid in read]
    return frozenset(
        (table.name, name)
        for _, table in beside_new(catalog, relation, tables)
        for oid, name in asked
        if oid == table.oid and name in ownership[oid].told and name not in ownership[oid].weakest
    )


def asked_far(
    catalog: Catalog, asked: Mapping[int, frozenset[tuple[int, str]]]
) -> dict[int, frozenset[tuple[int, str]]]:
    """Return by relation which columns decide about its rows, be it two steps far.

    ``asked`` is what `asked_by_policies` returns. What its policies read of the rows above, be it
    through functions, and what the policies on what they read do: `exists (select from posts …)`
    asks whatever the policy on posts asks. So it does not matter at which of them a condition is
    written down.
    """
    found = dict(asked)
    shown = asked_by_policies(catalog, ("select", "all"))
    for relation in catalog.relations:
        tops = {top.oid for _, top in above(catalog, relation)} if relation.policies else set()
        known = found[relation.oid]
        for _ in range(2):
            known = known.union(*(shown[oid] for oid in {oid for oid, _ in known} & tops))
        found[relation.oid] = known
    return found


def states_above(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    asked: Mapping[int, frozenset[tuple[int, str]]],
) -> dict[int, frozenset[tuple[str, str]]]:
    """Return by relation which states of other rows decide about its rows: (table, column).

    Of those above, below and beside it; ``asked`` is what `asked_far` returns.
    """
    found: dict[int, frozenset[tuple[str, str]]] = {}
    for relation in catalog.relations:
        tops = {top.oid: top for _, top in above(catalog, relation)} if relation.policies else {}
        if relation.policies:
            read = {oid for oid, _ in asked[relation.oid]}
            others = [other for other in catalog.own_relations if other.oid in read]
            tops |= {other.oid: other for other in below_and_beside(catalog, relation, others)}
        found[relation.oid] = frozenset(
            (tops[oid].name, name)
            for oid, name in asked[relation.oid]
            if oid in tops
            and name in ownership[oid].told
            # A standing is none: there are users who have it and users who do not.
            and name not in ownership[oid].weakest
        )
    return found
