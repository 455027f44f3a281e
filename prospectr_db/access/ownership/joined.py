"""Which tables have members, and which tables say who these are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.matrix.given import NOTHING, Given
from prospectr_db.access.ownership.standing import placed
from prospectr_db.access.policies.asking import Asking
from prospectr_db.access.policies.decisions import helper_functions, helper_texts, mentioned_by
from prospectr_db.database.catalog import PLATFORM_SCHEMAS, Catalog, Constraint, Relation

if TYPE_CHECKING:
    from prospectr_db.access.ownership.ownership import Ownership
    from prospectr_db.access.ownership.standing import Standing

__all__ = ["is_once", "joined_below", "tables_of_members"]


def tables_of_members(
    catalog: Catalog,
    users: Mapping[int, tuple[str, ...]],
    asked: Mapping[int, frozenset[tuple[int, str]]],
    given: Given = NOTHING,
) -> dict[int, tuple[str, ...]]:
    """Return the tables that have members, with the labels of the tables that say who they are.

    Such a table holds a user and points at them, and their policies, or the helper functions that
    these call, read it: otherwise a list of countries that profiles point at had "members". Where
    their policies call any helper, one that looks up the caller there will do: what is below may
    ask it for them. What other helpers read of it for another reason makes nobody a member. Where
    a contract says who belonged to rows, they still do, and such a helper adds nobody.
    """
    helpers = helper_functions(catalog)
    policies = ((r.oid, (p.text, p.reads)) for r in catalog.relations for p in r.policies)
    looking = Asking(catalog, (*policies, *((None, text) for text in helper_texts(catalog))))
    looked_up = [mentioned_by(catalog, function) for function in helpers.values()]
    found: dict[int, tuple[str, ...]] = {}
    for relation in catalog.own_relations:
        names = users[relation.oid]
        mine = {(relation.oid, name) for name in names}
        for fk in relation.foreign_keys if mine else ():
            target = catalog.by_oid.get(fk.target or 0)
            if target is None or target is relation or target.schema in PLATFORM_SCHEMAS:
                continue
            link = {(relation.oid, name) for name in fk.columns}
            known = given.members is not None and {target.label, relation.label} <= {*given.owned}
            before = (given.members or {}).get(target.label, ())
            asks = (
                relation.label in before
                or any(oid == relation.oid for oid, _ in asked[target.oid])
                or (
                    not known
                    and any(policy.functions & helpers.keys() for policy in target.policies)
                    and any(link <= said and mine & said - link for said in looked_up)
                    and looking.about_caller(relation, fk.columns[0], names, beside=relation.oid)
                )
            )
            if asks and relation.label not in found.get(target.oid, ()):
                found[target.oid] = (*found.get(target.oid, ()), relation.label)
    return found


def joined_below(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    standings: Sequence[Standing],
    given: Given = NOTHING,
) -> dict[int, tuple[str, ...]]:
    """Return the tables whose own policies ask for no members and those of what is below do.

    With the labels of the tables that say who is what there: everybody may read which clinics there
    are, and only a clinic's doctors its patients. What a contract says is kept.
    """
    mine = [catalog.by_oid[oid] for oid in dict.fromkeys(s.relation for s in standings)]
    looking = Asking(catalog, placed(catalog)) if mine else None
    found: dict[int, tuple[str, ...]] = {}
    for relation in mine:
        names = ownership[relation.oid].users
        for fk in relation.foreign_keys:
            tenant = catalog.by_oid.get(fk.target or 0)
            if (
                looking is not None
                and tenant is not None
                and tenant.schema not in PLATFORM_SCHEMAS
                and not ownership[tenant.oid].user_keyed
                and relation.label not in ownership[tenant.oid].members
                and not {*fk.columns} <= {*names}
                and is_once(relation, fk, {*names})
                and (
                    relation.label in given.joined_by.get(tenant.label, ())
                    or looking.about_caller(relation, fk.columns[0], names)
                )
            ):
                found[tenant.oid] = (*found.get(tenant.oid, ()), relation.label)
    return found


def is_once(relation: Relation, link: Constraint, users: set[str]) -> bool:
    """Whether there is at most one row per user and tenant."""
    both = {*link.columns, *users}
    return any(unique.columns and set(unique.columns) <= both for unique in relation.uniques)
