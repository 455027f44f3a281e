"""Which tables have members, and which tables say who these are."""

from __future__ import annotations

from collections.abc import Mapping

from prospectr_db.access.matrix.given import NOTHING, Given
from prospectr_db.access.policies.asking import Asking
from prospectr_db.access.policies.decisions import helper_functions, helper_texts, mentions
from prospectr_db.database.catalog import PLATFORM_SCHEMAS, Catalog

__all__ = ["tables_of_members"]


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
    looked_up = [mentions(catalog, function.source) for function in helpers.values()]
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
