"""Whose row is it: which columns hold a user, a tenant or a claim, and which states matter."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from prospectr_db.access.matrix.given import NOTHING, Given
from prospectr_db.access.matrix.row_classes import NOBODY, ROWS_OF, is_partly
from prospectr_db.access.ownership.above import asked_far, states_above, states_beside_new
from prospectr_db.access.ownership.beside import compared_columns, is_beside, values_beside
from prospectr_db.access.ownership.counted import counted_rows
from prospectr_db.access.ownership.distances import distances
from prospectr_db.access.ownership.joined import joined_below, tables_of_members
from prospectr_db.access.ownership.limits import limiting
from prospectr_db.access.ownership.own_standing import own_standings
from prospectr_db.access.ownership.ranks import find_ranks
from prospectr_db.access.ownership.signed import missing_columns, signing_columns
from prospectr_db.access.ownership.standing import Standing, find_standings, weakest
from prospectr_db.access.ownership.told_apart import NAMELESS, takes_anything, told_apart
from prospectr_db.access.ownership.value_lists import listed_in_rows
from prospectr_db.access.policies.called_alike import called_alike
from prospectr_db.access.policies.closure import leading_to
from prospectr_db.access.policies.decisions import (
    Text,
    asked_by_policies,
    comparisons,
    decision_texts,
)
from prospectr_db.access.policies.expressions import literals
from prospectr_db.access.policies.guards import guard_texts
from prospectr_db.access.writing.values import is_enumerated, listed_values
from prospectr_db.database.catalog import Catalog, Column, Relation

__all__ = ["Ownership", "find_ownership", "listed_claims"]

_USERISH = re.compile(
    r"^(user|owner|author|creator|account|profile|member|sender|recipient|assignee|uploader)"
    r"(_?(u?id|uuid))?$|^(user|owner|auth_user|account)_?(auth)?_?id(_auth)?$|_by$|^uid$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Ownership:
    """What is known of the owner of one relation's rows.

    ``users`` are columns that hold a user's id; ``deciding`` those of them that policies compare
    with the caller (all of them where policies name none). ``parents`` are foreign keys to tables
    whose rows have an owner. ``claims`` maps a column to the path of the claim it is compared
    with. ``soft`` are columns without a foreign key that policies match across tables.
    ``states`` maps other columns that policies read to the values worth telling apart,
    ``parent_states`` are (table, column) that tell its rows apart by what is above them,
    ``own_standing`` those by whose user's standing they are told apart,
    ``partly`` the parents, such as ``rooms as members``, below which rows were tried before.
    ``together`` are states of what is above that were tried at once before.
    ``asked`` are the columns that its policies or their helpers read, as (oid, column), and
    ``asked_of_new`` those that they read about new rows, and ``beside_new`` the (table, column) of
    what is beside such a row that tell it apart.
    ``beside`` maps a number to the other one in the row that it is compared with, ``counted``
    the rows of a table, as ``rows of todos``, to how many of them matter to a new row.
    ``listing`` maps a column that can only name somebody on a list that gives power to that table.
    ``ranks`` are states that no policy asks for, and that give a standing when they are taken over.
    Into ``signing`` users put themselves as they change a row, ``missing`` may name nobody, or no
    parent.
    ``joined_by`` are tables that say who is what in it, for which only what is below it asks.
    ``guarded`` are the states of which only triggers ask as a row is written: ``status``, or
    ``orders.status`` of what is above it.
    """

    users: tuple[str, ...] = ()
    deciding: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    soft: tuple[str, ...] = ()
    states: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    user_keyed: bool = False
    members: tuple[str, ...] = ()
    weakest: Mapping[str, str] = field(default_factory=dict)
    parent_states: frozenset[tuple[str, str]] = frozenset()
    own_standing: frozenset[tuple[str, str]] = frozenset()
    partly: frozenset[str] = frozenset()
    together: frozenset[tuple[str, ...]] = frozenset()
    asked: frozenset[tuple[int, str]] = frozenset()
    asked_of_new: frozenset[tuple[int, str]] = frozenset()
    beside_new: frozenset[tuple[str, str]] = frozenset()
    beside: Mapping[str, str] = field(default_factory=dict)
    counted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listing: Mapping[str, int] = field(default_factory=dict)
    ranks: tuple[str, ...] = ()
    signing: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    joined_by: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()

    @property
    def owned(self) -> bool:
        """Whether rows belong to somebody, directly or through a parent."""
        return bool(self.users or self.parents or self.claims or self.members)

    @property
    def told(self) -> dict[str, tuple[str | None, ...]]:
        """The states and the values by which another column of the row tells them."""
        beside = {name: values_beside(other) for name, other in self.beside.items()}
        names = dict.fromkeys((*self.states, *beside))
        found = {name: (*self.states.get(name, ()), *beside.get(name, ())) for name in names}
        orphaned = {*self.saying} - {*self.users}  # without its parents a row is another one
        lacking = (name for name in self.missing if name not in orphaned)
        return {**found, **dict.fromkeys(lacking, (None,))}

    @property
    def saying(self) -> tuple[str, ...]:
        """The columns that alone say whose a row is: without all of them it is nobody's.

        Its users, or else the keys of its parents, where policies ask whether it has any.
        """
        if self.deciding or self.claims or self.members:
            return self.deciding
        return self.parents if {*self.parents} <= {*self.missing} else ()

    @property
    def path(self) -> str:
        """The owner path in words, as the contract shows it."""
        if self.deciding:
            return " or ".join(self.deciding)
        if self.claims:
            return ", ".join(f"{c} = claim {'.'.join(p)}" for c, p in sorted(self.claims.items()))
        if self.members:
            return f"members in {', '.join(self.members)}"
        if self.parents:
            return "through " + ", ".join(self.parents)
        if self.users:
            return " or ".join(self.users)
        return "nobody"


def listed_claims(catalog: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Return the claims that are compared with a column whose values are listed, with these."""
    _, claims = comparisons(catalog, decision_texts(catalog))
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for (oid, name), path in claims.items():
        relation = catalog.by_oid[oid]
        found[path] = (*found.get(path, ()), *listed_values(relation, relation.by_name[name]))
    return found


def find_ownership(
    catalog: Catalog, given: Given = NOTHING
) -> tuple[dict[int, Ownership], tuple[Standing, ...]]:
    """Return whose rows each relation holds, and which columns give users their standing.

    What is ``given`` overrides which columns hold owners, and adds to what is told apart.
    """
    texts, guards = decision_texts(catalog), guard_texts(catalog)
    compared, claims = comparisons(catalog, texts)
    compared, claims = _with_known(catalog, given.owned, compared, claims)
    claims = {pair: path for pair, path in claims.items() if not _is_listed(catalog, pair)}
    claims |= called_alike(catalog, compared, claims)
    reads = frozenset(pair for _, pairs in texts for pair in pairs)
    keyed = {r.oid for r in catalog.relations if _is_user_keyed(catalog, r)}
    users: dict[int, tuple[str, ...]] = {}
    for relation in catalog.relations:
        found = given.owners.get(relation.label)
        users[relation.oid] = (
            tuple(found)
            if found is not None
            else tuple(
                c.name
                for c in relation.columns
                if _holds_user(catalog, relation, c, keyed, compared, claims)
            )
        )
    asked, asked_of_new = asked_by_policies(catalog), asked_by_policies(catalog, ("insert", "all"))
    tenants = tables_of_members(catalog, users, asked, given)
    owned = _owned(catalog, users, claims, tenants)
    result: dict[int, Ownership] = {}
    for relation in catalog.relations:
        described = _describe(
            relation,
            users,
            owned,
            tenants,
            compared,
            claims,
            reads,
            texts,
            keyed,
            tuple(guards.values()),
        )
        described = replace(
            described,
            counted=counted_rows(catalog, relation),
            signing=tuple(dict.fromkeys(signing_columns(catalog, relation, described.users))),
            missing=tuple(missing_columns(relation, described)),
        )
        result[relation.oid] = _with_given(relation, described, given, texts)
    standings = find_standings(catalog, result, given.standing)
    said = {value for text, _ in texts for value in literals(text)} if standings else set()
    for standing in standings:
        mine = result[standing.relation]
        once = given.least.get(catalog.by_oid[standing.relation].label, {}).get(standing.column)
        lowest = once if once in standing.values and once else weakest(standing, said)
        least = {**mine.weakest, standing.column: lowest}
        result[standing.relation] = replace(mine, weakest=least)
    for oid, labels in joined_below(catalog, result, standings, given).items():
        result[oid] = replace(result[oid], joined_by=labels)
    for relation in catalog.own_relations if standings else ():
        mine = result[relation.oid]
        if ranks := dict(find_ranks(catalog, relation, mine, standings, reads)):
            states = {**ranks, **mine.states}
            result[relation.oid] = replace(mine, states=states, ranks=tuple(ranks))
    for oid, name, lists in listed_in_rows(catalog, result, asked, texts):
        known = result[oid].states
        told = tuple(dict.fromkeys((*known.get(name, ()), *lists)))
        result[oid] = replace(result[oid], states={**known, name: told})
    guarding = {oid: pairs for oid, (_, pairs) in guards.items()}
    by_policies = asked_far(catalog, asked)
    far = asked_far(catalog, {oid: asked[oid] | guarding.get(oid, frozenset()) for oid in asked})
    own_standing = own_standings(catalog, result, far)
    for oid, found_above in states_above(catalog, result, far).items():
        mine, relation = result[oid], catalog.by_oid[oid]
        known_beside = given.parents.get(relation.label, frozenset())
        new = states_beside_new(catalog, result, relation, asked_of_new[oid])
        result[oid] = replace(
            mine,
            beside_new=new | known_beside,
            parent_states=mine.parent_states | found_above,
            own_standing=mine.own_standing | own_standing.get(oid, frozenset()),
            guarded=(*mine.guarded, *_places(catalog, far[oid] - by_policies[oid])),
            asked=asked[oid],
            asked_of_new=asked_of_new[oid],
        )
    return result, standings


def _places(catalog: Catalog, pairs: Iterable[tuple[int, str]]) -> list[str]:
    """Return columns as states of what is above a row name them: ``orders.status``."""
    return sorted(f"{catalog.by_oid[oid].name}.{name}" for oid, name in pairs)


def _is_listed(catalog: Catalog, pair: tuple[int, str]) -> bool:
    """Whether a column has listed values: whoever holds one in a claim, as a role, is no owner."""
    relation = catalog.by_oid[pair[0]]
    return is_enumerated(relation, relation.by_name[pair[1]])


def _with_known(
    catalog: Catalog,
    owned: Mapping[str, str],
    compared: set[tuple[int, str]],
    claims: Mapping[tuple[int, str], tuple[str, ...]],
) -> tuple[set[tuple[int, str]], dict[tuple[int, str], tuple[str, ...]]]:
    """Add what the paths of a contract say: policies need not compare these columns any more."""
    compared, named = set(compared), dict(claims)
    for label, path in owned.items():
        relation = catalog.by_label.get(label)
        if relation is None:
            continue
        for name in path.split(" or "):
            if name in relation.by_name and (relation.oid, name) not in named:
                compared.add((relation.oid, name))
        for part in path.split(", "):
            name, _, claim = part.partition(" = claim ")
            if claim and name in relation.by_name and (relation.oid, name) not in compared:
                named.setdefault((relation.oid, name), tuple(claim.split(".")))
    return compared, named


def _is_user_keyed(catalog: Catalog, relation: Relation) -> bool:
    return catalog.users is not None and any(
        fk.target == catalog.users.oid and fk.columns == relation.primary_key
        for fk in relation.foreign_keys
    )


def _points_at_user(catalog: Catalog, relation: Relation, keyed: set[int]) -> bool:
    """Whether some column is a foreign key to users."""
    return any(
        fk.target in keyed or (catalog.users is not None and fk.target == catalog.users.oid)
        for fk in relation.foreign_keys
        if len(fk.columns) == 1
    )


def _holds_user(
    catalog: Catalog,
    relation: Relation,
    column: Column,
    keyed: set[int],
    compared: set[tuple[int, str]],
    claims: Mapping[tuple[int, str], tuple[str, ...]],
) -> bool:
    if relation is catalog.users:
        return column.name == "id"
    for fk in relation.foreign_keys:
        if fk.columns == (column.name,):
            return fk.target in keyed or (
                catalog.users is not None and fk.target == catalog.users.oid
            )
    if (relation.oid, column.name) in claims:
        return False
    if (relation.oid, column.name) in compared:
        # A column of a composite foreign key still says whose row it is; but a primary key beside
        # a foreign key to users is a slip of the pen in a policy: the owner is elsewhere.
        in_primary = column.name in relation.primary_key
        return not (in_primary and _points_at_user(catalog, relation, keyed))
    in_key = any(column.name in fk.columns for fk in relation.foreign_keys)
    return (
        relation.is_table
        and not in_key
        and column.base_name == "uuid"
        and column.name not in relation.primary_key
        and bool(_USERISH.search(column.name))
    )


def _owned(
    catalog: Catalog,
    users: Mapping[int, tuple[str, ...]],
    claims: Mapping[tuple[int, str], tuple[str, ...]],
    tenants: Iterable[int],
) -> set[int]:
    """Return the relations whose rows have an owner, by following foreign keys."""
    owned = {oid for oid, columns in users.items() if columns} | {oid for oid, _ in claims}
    near = {r.oid: [fk.target for fk in r.foreign_keys if fk.target] for r in catalog.own_relations}
    return leading_to(owned.union(tenants), near)


def _describe(
    relation: Relation,
    users: Mapping[int, tuple[str, ...]],
    owned: set[int],
    tenants: Mapping[int, tuple[str, ...]],
    compared: set[tuple[int, str]],
    claims: Mapping[tuple[int, str], tuple[str, ...]],
    reads: frozenset[tuple[int, str]],
    texts: Sequence[Text],
    keyed: set[int],
    guards: Sequence[Text],
) -> Ownership:
    mine = users[relation.oid]
    in_key = {name for fk in relation.foreign_keys for name in fk.columns}
    parents = tuple(
        ", ".join(fk.columns)
        for fk in relation.foreign_keys
        if fk.target in owned and not (len(fk.columns) == 1 and fk.columns[0] in mine)
    )
    members = tenants.get(relation.oid, ())
    asked = {name for policy in relation.policies for oid, name in policy.reads}
    # A user column that no policy compares decides nothing where a parent or a membership does:
    # whoever a task is assigned to does not own it.
    elsewhere = members or any(set(path.split(", ")) & asked for path in parents)
    deciding = tuple(name for name in mine if (relation.oid, name) in compared)
    deciding = deciding or (() if elsewhere else mine)
    claimed = {name: path for (oid, name), path in claims.items() if oid == relation.oid}
    read = {name for oid, name in reads if oid == relation.oid}
    free = [
        column
        for column in relation.columns
        if column.name in read
        and column.name not in {*mine, *in_key, *claimed, *relation.primary_key}
    ]
    told = {c.name: values for c in free if (values := _told(relation, c, texts))}
    guarded = _guarded(relation, {*mine, *in_key, *claimed, *relation.primary_key, *told}, guards)
    return Ownership(
        users=mine,
        deciding=deciding,
        parents=parents,
        claims=claimed,
        soft=tuple(c.name for c in free if c.base_name in ("uuid", "int8", "int4") and c.not_null),
        states=told | guarded,
        guarded=tuple(guarded),
        beside=compared_columns(relation, texts),
        user_keyed=relation.oid in keyed,
        members=members,
    )


def _guarded(
    relation: Relation, others: Collection[str], guards: Sequence[Text]
) -> dict[str, tuple[str | None, ...]]:
    """Return the states by which only triggers decide: what policies ask for is told anyhow."""
    asked = {name for _, pairs in guards for oid, name in pairs if oid == relation.oid}
    return {
        column.name: values
        for column in relation.columns
        if column.name in asked and column.name not in others
        if (values := told_apart(relation, column, guards))
    }


def _told(relation: Relation, column: Column, texts: Sequence[Text]) -> tuple[str | None, ...]:
    values = told_apart(relation, column, texts) or limiting(relation, column, texts)
    return (*values, *distances(relation, column, texts)) if values else ()


def _with_given(
    relation: Relation, found: Ownership, given: Given, texts: Sequence[Text]
) -> Ownership:
    """Add what the contract tells apart, whether or not a policy still does."""
    states, beside, counted = dict(found.states), dict(found.beside), dict(found.counted)
    signing = dict.fromkeys((*found.signing, *given.signed.get(relation.label, ())))
    missing = dict.fromkeys(found.missing)
    for name, told in given.states.get(relation.label, {}).items():
        if name.startswith(ROWS_OF):
            numbers = filter(None, (*counted.get(name, ()), *told))
            counted[name] = tuple(dict.fromkeys(numbers))
        if name.endswith(NOBODY):
            missing |= dict.fromkeys([name.removesuffix(NOBODY)])
        column = relation.by_name.get(name)
        if column is not None:
            others = [value for value in told if is_beside(relation, name, value)]
            if others and others[0]:
                beside[name] = others[0]
            values = (*told_apart(relation, column, texts), *(v for v in told if v not in others))
            if told and column.category == "S" and takes_anything(relation, column):
                values = (*values, NAMELESS)  # what restricted it may be gone
            if told and column.category == "A" and not column.not_null:
                values = (None, *values)
            if values or name in states:
                states[name] = tuple(dict.fromkeys((*states.get(name, ()), *values)))
    return replace(
        found,
        states=states,
        parent_states=found.parent_states | given.parents.get(relation.label, frozenset()),
        own_standing=given.own_standing.get(relation.label, frozenset()),
        partly=frozenset(filter(is_partly, given.states.get(relation.label, {}))),
        together=given.together.get(relation.label, frozenset()),
        beside=beside,
        counted=counted,
        signing=tuple(name for name in signing if name in found.users),
        missing=tuple(name for name in missing if name in (*found.users, *found.parents)),
    )
