"""Who belongs to what: the tables of members, what gives a member power, and how one leaves."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prospectr_db.access.ownership.joined import is_once
from prospectr_db.access.ownership.ownership import Ownership
from prospectr_db.access.ownership.standing import Standing
from prospectr_db.access.policies.closure import leading_to
from prospectr_db.access.policies.decisions import decision_texts, helper_functions, mentioned_by
from prospectr_db.access.policies.expressions import literals
from prospectr_db.database.catalog import Catalog, Column, Constraint, Relation

__all__ = ["Membership", "asking", "find_memberships"]

_MOST_TABLES = 3
_MOST_POWERS = 4


@dataclass(frozen=True, slots=True)
class Membership:
    """A table whose rows make users members of a tenant: an organisation, a team, a document.

    ``powers`` are the values (column, value) that give a member more than others have, ``leaving``
    the column that says who left. ``exclusive`` says that nobody can be in two tenants.
    ``asking`` are the relations whose policies ask for members, ``below`` those under a tenant,
    ``inside`` these with the tenant's own and whatever says who belongs there, and ``joining`` all
    tables of members there are. ``below_only`` says that the tenant's own policies ask for nobody.
    """

    relation: Relation
    tenant: Relation
    link: Constraint
    roles: tuple[Standing, ...]
    powers: tuple[tuple[str, str], ...]
    leaving: Standing | None
    exclusive: bool
    keyed: bool
    asking: frozenset[int]
    below: frozenset[int]
    inside: frozenset[int]
    joining: frozenset[int]
    below_only: bool = False

    @property
    def can_be_left(self) -> bool:
        """Whether a member can go without his account going: rows are deleted, or a key emptied.

        Where only what is below a tenant asks for members, whoever has gone is anybody.
        """
        optional = all(not self.relation.by_name[name].not_null for name in self.link.columns)
        return not self.below_only and (self.leaving is not None or optional or not self.keyed)


def find_memberships(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    standings: Sequence[Standing],
    known: Collection[tuple[str, str]] = (),
) -> tuple[Membership, ...]:
    """Return the first tables of members that policies ask, the outermost tenant first.

    ``known`` are values that gave members power once.
    """
    asked = list(_links(catalog, ownership))
    found = [*asked, *_links_below(catalog, ownership)]
    joining = frozenset(relation.oid for relation, _, _ in found)
    said = {value for text, _ in decision_texts(catalog) for value in literals(text)}
    members: list[Membership] = []
    for place, (relation, tenant, link) in enumerate(found[:_MOST_TABLES]):
        below = _below(catalog, ownership, tenant)
        mine = [s for s in standings if s.relation == relation.oid]
        users = set(ownership[relation.oid].users)
        roles = tuple(standing for standing in mine if not standing.gone)
        members.append(
            Membership(
                relation,
                tenant,
                link,
                roles,
                tuple(_powers(roles, ownership[relation.oid].weakest, said, known))[:_MOST_POWERS],
                _leaving(relation, mine, ownership[relation.oid]),
                any(u.columns and set(u.columns) <= users for u in relation.uniques),
                ownership[relation.oid].user_keyed,
                asking(catalog, relation),
                below - joining,
                below | {tenant.oid},
                joining,
                below_only=place >= len(asked),
            )
        )
    return tuple(members)


_Link = tuple[Relation, Relation, Constraint]
"""A table of members, their tenant, and the foreign key between them."""


def _links(catalog: Catalog, ownership: Mapping[int, Ownership]) -> Iterator[_Link]:
    """Yield the tables of members that tenants' policies ask for, each table once."""
    seen: set[int] = set()
    depth = {r.oid: len(r.foreign_keys) for r in catalog.own_relations}
    for tenant in sorted(catalog.own_relations, key=lambda r: (depth[r.oid], r.label)):
        if ownership[tenant.oid].user_keyed:
            continue
        links: list[tuple[Relation, Constraint]] = []
        for label in ownership[tenant.oid].members:
            relation = catalog.by_label[label]
            users = set(ownership[relation.oid].users)
            keys = [fk for fk in relation.foreign_keys if fk.target == tenant.oid]
            link = next((fk for fk in keys if not set(fk.columns) <= users), None)
            fit = relation.is_table and not relation.is_partition and relation.oid not in seen
            if link is not None and fit and relation.oid != tenant.oid:
                links.append((relation, link))
        # Where some tables say so once per user, others only hold what members made.
        once = [(r, fk) for r, fk in links if is_once(r, fk, set(ownership[r.oid].users))]
        for relation, link in once or links:
            seen.add(relation.oid)
            yield relation, tenant, link


def _links_below(catalog: Catalog, ownership: Mapping[int, Ownership]) -> Iterator[_Link]:
    """Yield the tables of members for which only what is below their tenants asks."""
    for tenant in catalog.own_relations:
        for label in ownership[tenant.oid].joined_by:
            relation = catalog.by_label[label]
            link = next(fk for fk in relation.foreign_keys if fk.target == tenant.oid)
            yield relation, tenant, link


def _leaving(
    relation: Relation, standings: Iterable[Standing], owner: Ownership
) -> Standing | None:
    """Return the column that says who left: policies compare it, or should, by its name."""
    compared = next((standing for standing in standings if standing.gone), None)
    if compared is not None or owner.user_keyed:
        return compared
    named = (Standing(relation.oid, c.name, _possible(relation, c)) for c in relation.columns)
    return next((standing for standing in named if standing.gone), None)


def _possible(relation: Relation, column: Column) -> tuple[str | None, ...]:
    """Return the values that a column's type and checks name."""
    if column.category == "B":
        return ("false", "true")
    if column.category == "D":
        return () if column.not_null else (None, "2020-01-01 00:00:00+00")
    checks = [c.definition for c in relation.checks if c.columns == (column.name,)]
    return column.labels or tuple(v for text in checks for v in literals(text))


_LEAST = re.compile(r"member|user|view|guest|read|basic|free|customer", re.IGNORECASE)


def _powers(
    roles: Iterable[Standing],
    weakest: Mapping[str, str],
    said: set[str],
    known: Collection[tuple[str, str]],
) -> Iterator[tuple[str, str]]:
    """Yield the values that policies ask for and that sound like more than the least."""
    for standing in roles:
        values = [v for v in standing.values if v is not None and v != weakest[standing.column]]
        if set(standing.values) <= {"false", "true", None}:
            asked = [value for value in values if value == "true"]
        elif values and all(re.fullmatch(r"-?\d+", value) for value in values):
            asked = [max(values, key=int)]
        else:
            asked = [value for value in values if value in said and not _LEAST.search(value)]
        once = [value for value in values if (standing.column, value) in known]
        yield from ((standing.column, value) for value in dict.fromkeys((*once, *asked)))


def asking(catalog: Catalog, members: Relation, *, by_helpers: bool = False) -> frozenset[int]:
    """Return the relations whose rows can depend on what is in a table, through others too.

    ``by_helpers`` are only those that ask functions whose source names the table.
    """
    helpers = {
        function.oid
        for function in helper_functions(catalog).values()
        if not by_helpers or any(oid == members.oid for oid, _ in mentioned_by(catalog, function))
    }
    reads = {
        relation.oid: {oid for policy in relation.policies for oid, _ in policy.reads}
        - {relation.oid}
        for relation in catalog.relations
        if relation.policies
    }
    found = {
        relation.oid
        for relation in catalog.relations
        if any(policy.functions & helpers for policy in relation.policies)
        or (members.oid in reads.get(relation.oid, ()) and not by_helpers)
    }
    if by_helpers:
        return frozenset(found - {members.oid})
    found |= {members.oid} if members.policies else set()
    return frozenset(leading_to(found, reads))


def _below(
    catalog: Catalog, ownership: Mapping[int, Ownership], tenant: Relation
) -> frozenset[int]:
    """Return the tables whose rows hang under a tenant's, however far."""
    near = {
        relation.oid: [fk.target for fk in relation.foreign_keys if fk.target]
        for relation in catalog.own_relations
        if relation.is_table
        and not relation.is_partition
        and not ownership[relation.oid].user_keyed
    }
    return frozenset(leading_to({tenant.oid}, near) - {tenant.oid})
