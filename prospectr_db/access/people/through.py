"""Users who reach each other through two tables: a teacher his students, by his courses."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from prospectr_db.access.ownership.ownership import Ownership
from prospectr_db.access.people.pairs import states_of_pair
from prospectr_db.access.policies.closure import leading_to
from prospectr_db.access.policies.decisions import Text, functions_behind, mentioned_by, mentions
from prospectr_db.access.policies.expressions import COMMENT, EQUALS, normalise
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OWNER, VICTIM, Actor, Affiliate
from prospectr_db.access.writing.values import is_list, seeded_uuid
from prospectr_db.database.catalog import Catalog, Relation

__all__ = ["Through", "add_through", "find_through"]

_MOST = 3


@dataclass(frozen=True, slots=True)
class Through:
    """Two tables by which a user comes to another: rows of ``below`` hang under those of ``above``.

    ``lower`` and ``upper`` are the columns of these that hold the two; ``asking`` the relations
    whose rows can depend on that.
    """

    below: Relation
    lower: str
    above: Relation
    upper: str
    asking: frozenset[int]

    @property
    def downwards(self) -> str:
        """Who stands in the row above, with the owner in the one below."""
        return f"{self.above.label}.{self.upper} to the owner in {self.below.label}"

    @property
    def upwards(self) -> str:
        """Who stands in the row below, with the owner in the one above."""
        return f"{self.below.label}.{self.lower} to the owner in {self.above.label}"


def find_through(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    known: Mapping[str, frozenset[str]],
    rosters: Collection[int] = (),
) -> tuple[Through, ...]:
    """Return the pairs of tables by which something asks for another user than its caller.

    ``known`` are the names of such users of whom a contract speaks, with the labels of the
    relations that were tried as them; ``rosters`` the tables that give power to who is in them.
    """
    texts = list(_texts(catalog))
    found: list[Through] = []
    for below, above in _tables(catalog, ownership, rosters):
        for lower, upper in product(_users(below, ownership), _users(above, ownership)):
            two = Through(below, lower, above, upper, frozenset())
            asked = [oid for oid, text in texts if _relates(text, (below, lower), (above, upper))]
            labels = known.get(two.downwards, frozenset()) | known.get(two.upwards, frozenset())
            if asked or labels:
                direct = {catalog.by_label[name].oid for name in labels if name in catalog.by_label}
                only = _depending(catalog, direct.union(oid for oid in asked if oid is not None))
                found.append(Through(below, lower, above, upper, only))
    return tuple(found[:_MOST])


def _tables(
    catalog: Catalog, ownership: Mapping[int, Ownership], rosters: Collection[int]
) -> Iterator[tuple[Relation, Relation]]:
    """Yield two tables of users' rows of which one hangs under the other, however far."""
    fit = {
        relation.oid
        for relation in catalog.own_relations
        if relation.is_table
        and not relation.is_partition
        and relation.oid not in rosters
        and not ownership[relation.oid].user_keyed
    }
    for below in catalog.own_relations:
        if below.oid in fit and ownership[below.oid].users:
            for oid in sorted(_above(catalog, below)):
                if oid in fit and ownership[oid].users and oid != below.oid:
                    yield below, catalog.by_oid[oid]


def _above(catalog: Catalog, relation: Relation) -> set[int]:
    """Return the tables that rows of a relation hang under."""
    found: set[int] = set()
    left = [relation]
    while left:
        targets = {fk.target for fk in left.pop().foreign_keys if fk.target in catalog.by_oid}
        new = {oid for oid in targets if oid is not None} - found
        found |= new
        left += [catalog.by_oid[oid] for oid in new]
    return found


def _users(relation: Relation, ownership: Mapping[int, Ownership]) -> list[str]:
    users = ownership[relation.oid].users
    return [name for name in users if not is_list(relation.by_name[name])][:2]


def _texts(catalog: Catalog) -> Iterator[tuple[int | None, Text]]:
    """Yield what policies and helpers say, by the relation whose rows they decide about.

    What views and functions say besides is of no relation in particular.
    """
    said = {f.oid: (f.source, mentioned_by(catalog, f)) for f in catalog.functions}
    for relation in catalog.own_relations:
        yield from ((relation.oid, (policy.text, policy.reads)) for policy in relation.policies)
        for oid in functions_behind(catalog, relation.policies):
            yield relation.oid, said[oid]
        if relation.kind in "vm" and relation.definition:
            yield None, (relation.definition, mentions(catalog, relation.definition))
    for function in catalog.functions:
        if function.schema in catalog.exposed and function.return_type != "trigger":
            yield None, said[function.oid]


def _relates(text: Text, one: tuple[Relation, str], other: tuple[Relation, str]) -> bool:
    """Whether a text asks for its caller in one column, and for somebody else in the other."""
    source, pairs = text
    if not {(one[0].oid, one[1]), (other[0].oid, other[1])} <= pairs:
        return False
    plain = normalise(COMMENT.sub("", source))
    return any(
        _is_callers(plain, mine) and _is_anothers(plain, his)
        for mine, his in ((one[1], other[1]), (other[1], one[1]))
    )


def _callers(name: str) -> re.Pattern[str]:
    column = rf"(?:\w+\.)*\b{re.escape(name)}\b"
    return re.compile(rf"{column}{EQUALS}@uid|@uid{EQUALS}{column}")


def _is_callers(plain: str, name: str) -> bool:
    """Whether a column is compared with the caller; who a function's caller is, may be handed."""
    return "@uid" not in plain or bool(_callers(name).search(plain))


def _is_anothers(plain: str, name: str) -> bool:
    return bool(re.search(rf"\b{re.escape(name)}\b", _callers(name).sub("", plain)))


def _depending(catalog: Catalog, asked: Iterable[int]) -> frozenset[int]:
    """Return relations with those whose policies read them, and so on."""
    near = {
        relation.oid: {oid for policy in relation.policies for oid, _ in policy.reads}
        for relation in catalog.own_relations
    }
    return frozenset(leading_to(asked, near))


def add_through(builder: Builder, two: Through) -> None:
    """Make the users who come to the owner: from above, and from below his own row.

    Who is below it is a member already where the table above has members by the one below.
    """
    base = builder.world.row(two.below, OWNER)
    if base is None or builder.world.row(two.above, OWNER) is None:
        return
    before = len(builder.world.unbuildable)
    owner = builder.ownership[two.below.oid]
    is_member = two.below.label in builder.ownership[two.above.oid].members
    for states in states_of_pair(owner, base.values):
        told = "".join(f", {n}={'null' if v is None else v}" for n, v in states.items())
        _add(builder, two, f"{two.downwards}{told}", states, from_above=True)
        if not is_member:
            _add(builder, two, f"{two.upwards}{told}", states, from_above=False)
    # Constraints may forbid such a row, and then there is nothing to observe about it.
    del builder.world.unbuildable[before:]


def _add(
    builder: Builder,
    two: Through,
    key: str,
    states: Mapping[str, str | None],
    *,
    from_above: bool,
) -> None:
    relation, world = two.below, builder.world
    email = f"{seeded_uuid(key)[:8]}@example.com"
    actor = Actor(key, seeded_uuid("user", key), email, key if from_above else OWNER)
    builder.add_actor(actor)
    builder.settle_down(relation, two.lower, key)
    given = builder.given(relation, key)
    if given is None:
        return
    users = {
        name: world.actors[VICTIM].id
        for name in builder.ownership[relation.oid].users
        if not is_list(relation.by_name[name])
    }
    users[two.lower] = world.actors[OWNER].id if from_above else actor.id
    values = {**given[0], **users, **states}
    row = builder.attempt(relation, key, values, set(values))
    if row is not None and all(row.values[name] == value for name, value in users.items()):
        world.affiliates[key] = Affiliate(two.asking)
