"""Users of whose own row policies ask two things at once: paid, and not over yet."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product

from prospectr_db.access.matrix.baselines import AT_ONCE
from prospectr_db.access.ownership.standing import Standing
from prospectr_db.access.policies.asking import ask_at_once
from prospectr_db.access.policies.decisions import asked_by_policies, decision_texts
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OWNER, Actor, Affiliate, Row
from prospectr_db.access.rows.reaching import made_in
from prospectr_db.access.writing.values import same_value, seeded_uuid
from prospectr_db.database.catalog import Catalog, Relation

__all__ = ["Conditions", "add_under_conditions", "find_conditions"]

_MOST = 40
"""Users for each set of columns: an enum of many values beside another makes hundreds."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Columns of a user's own row that must all be right; ``asking`` are relations that may ask."""

    relation: Relation
    standings: tuple[Standing, ...]
    asking: frozenset[int]

    @property
    def name(self) -> str:
        """How the contract remembers them, beside the single columns."""
        return AT_ONCE.join(standing.column for standing in self.standings)


def find_conditions(
    catalog: Catalog, standings: Sequence[Standing], known: Mapping[str, Collection[str]]
) -> Iterator[Conditions]:
    """Yield the columns of one row that something asks for at once, or did so once (``known``).

    Alone each of them shows too little: whoever has the one lacks the other, as rows are built.
    """
    by_relation: dict[int, list[Standing]] = {}
    for standing in standings:
        by_relation.setdefault(standing.relation, []).append(standing)
    texts = decision_texts(catalog)
    asked = asked_by_policies(catalog) if any(len(s) > 1 for s in by_relation.values()) else {}
    for oid, mine in by_relation.items():
        relation = catalog.by_oid[oid]
        order = [column.name for column in relation.columns]
        for pair in combinations(sorted(mine, key=lambda s: order.index(s.column)), 2):
            columns = {(oid, standing.column) for standing in pair}
            searches = [re.compile(rf"\b{re.escape(s.column)}\b").search for s in pair]
            asking = frozenset(r for r, read in asked.items() if oid in {o for o, _ in read})
            found = Conditions(relation, pair, asking - {oid})
            if found.name in known.get(relation.label, ()) or any(
                columns <= pairs and ask_at_once(text, *searches) for text, pairs in texts
            ):
                yield found


def add_under_conditions(builder: Builder, found: Conditions) -> None:
    """Make one user for each combination of values that nobody has yet."""
    relation, told = found.relation, builder.world.conditions
    told[relation.oid] = (*told.get(relation.oid, ()), found.name)
    columns = [standing.column for standing in found.standings]
    before = len(builder.world.unbuildable)
    values = product(*(standing.values for standing in found.standings))
    for some in islice(values, _MOST):
        wanted = dict(zip(columns, some, strict=True))
        if any(_has(row, wanted) for row in _rows(builder, relation)):
            continue
        key = AT_ONCE.join(f"{n}={'null' if v is None else _day(v)}" for n, v in wanted.items())
        email = f"{seeded_uuid(key)[:8]}@example.com"
        builder.add_actor(Actor(key, seeded_uuid("user", key), email, OWNER))
        given = builder.given(relation, key)
        if given is None:
            continue
        made = made_in(builder, relation, key, given[0], wanted)
        if made is not None and _has(made, wanted):
            builder.world.affiliates[key] = Affiliate(found.asking)
    # Constraints may forbid such rows, and then nobody is like that.
    del builder.world.unbuildable[before:]


def _rows(builder: Builder, relation: Relation) -> list[Row]:
    return [row for (oid, _), row in builder.world.rows.items() if oid == relation.oid]


def _has(row: Row, wanted: Mapping[str, str | None]) -> bool:
    return all(same_value(value, row.values.get(name)) for name, value in wanted.items())


def _day(value: str) -> str:
    return value.split(" ")[0] if re.match(r"\d{4}-\d\d-\d\d ", value) else value
