"""Which columns on a user's own row say what he may do elsewhere, and which value gives least."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prospectr_db.access.policies.asking import Asking
from prospectr_db.access.policies.closure import below
from prospectr_db.access.policies.decisions import (
    Text,
    asked_through_functions,
    decision_texts,
    helper_functions,
    mentioned_by,
)
from prospectr_db.access.writing.values import listed_values
from prospectr_db.database.catalog import Catalog, Relation

if TYPE_CHECKING:
    from prospectr_db.access.ownership.ownership import Ownership

__all__ = ["Standing", "find_standings", "placed", "weakest"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A column that says what a user may do: a role in a membership table, a flag on a profile."""

    relation: int
    column: str
    values: tuple[str | None, ...]

    @property
    def gone(self) -> tuple[str | None, ...]:
        """The values of those who belonged once and do so no longer."""
        dates = any(value is not None and _TIME.match(value) for value in self.values)
        if self.values and set(self.values) <= {"false", "true"}:
            left = "true" if _LEFT.search(self.column) else "false"
            return (left,) if _LEFT.search(self.column) or _STAYS.search(self.column) else ()
        if dates:
            found = tuple(value for value in self.values if value is not None)
            return found if _LEFT.search(self.column) else ()
        return tuple(value for value in self.values if value is not None and _LEFT.search(value))


_TIME = re.compile(r"\d{4}-\d\d-\d\d")
_LEFT = re.compile(
    r"remov|delet|left|kick|revok|inactiv|deactiv|disabl|suspend|bann|block|former|expel|archiv|ended",
    re.IGNORECASE,
)
_STAYS = re.compile(r"active|enabled", re.IGNORECASE)
_KEYS = frozenset({"uuid", "bigint", "integer", "uuid[]", "bigint[]", "integer[]"})
_EARLY = re.compile(r"invit|pend|request|declin|reject", re.IGNORECASE)


_LOW = re.compile(r"member|user|view|guest|read|basic|free|false|none|student|customer", re.I)


def weakest(standing: Standing, said: Collection[str]) -> str:
    """Return the value that gives the least: policies do not ask for it, or it sounds like it.

    ``said`` are the literals of all policies. Of a column that says whether somebody still belongs,
    the value of those who do.
    """
    some = [value for value in standing.values if value is not None]
    if standing.gone:
        there = [value for value in some if value not in standing.gone and not _EARLY.search(value)]
        return min(there, key=lambda value: value not in said, default="")
    ranked = sorted(range(len(some)), key=lambda i: (not _LOW.search(some[i]), some[i] in said, -i))
    return some[ranked[0]] if ranked else ""


def find_standings(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    known: Mapping[str, Collection[str]],
) -> tuple[Standing, ...]:
    """Return the columns on users' own rows that decide about other tables' rows.

    ``known`` are columns that did so once, by relation label.
    """
    helpers = asked_through_functions(catalog)
    # A function that is told no row's key asks about the caller: is_admin(), has_role('editor').
    personal = frozenset(
        pair
        for function in helper_functions(catalog).values()
        if not function.returns_set and not _KEYS & set(function.argument_types)
        for pair in mentioned_by(catalog, function)
    )
    found: list[Standing] = []
    asking = Asking(catalog, placed(catalog))
    for relation in catalog.own_relations:
        mine = ownership[relation.oid]
        if not mine.users or not relation.is_table or relation.is_partition:
            continue
        for name, values in {**mine.states, **_keyed(relation, mine)}.items():
            readers = [
                other
                for other in catalog.relations
                for policy in other.policies
                if (relation.oid, name) in policy.reads and other.oid != relation.oid
            ]
            one_per_user = any(
                set(unique.columns) & set(mine.users)
                for unique in relation.uniques
                if unique.kind != "x"
            )
            apart = readers and not {r.oid for r in readers} <= below(catalog, relation)
            through = [oid for oid, pairs in helpers.items() if (relation.oid, name) in pairs]
            about = (relation.oid, name) in personal
            known_once = name in known.get(relation.label, ())
            if not known_once and not asking.about_caller(
                relation, name, mine.users, beside=relation.oid
            ):
                continue  # such as a flag by which somebody closes his profile to others
            if (
                (readers and one_per_user)
                or apart
                or (through and (about or not _is_resource(catalog, relation, mine, through)))
                or known_once
            ):
                found.append(Standing(relation.oid, name, values))
    return tuple(found)


def _keyed(relation: Relation, mine: Ownership) -> dict[str, tuple[str | None, ...]]:
    """Return the columns of a key that say which role its user has: he has a row for each."""
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    own = {*linked, *mine.users, *mine.claims}
    columns = [relation.by_name[name] for name in relation.primary_key if name not in own]
    found = {column.name: tuple(listed_values(relation, column)) for column in columns}
    return {name: values for name, values in found.items() if values}


def placed(catalog: Catalog) -> Iterator[tuple[int | None, Text]]:
    """Yield everything that decides, with the relation whose own row alone it is about.

    A policy that reads its own table looks somebody up there, as policies of others do.
    """
    for relation in catalog.relations:
        itself = re.compile(rf"\b(?:FROM|JOIN) (?:\w+\.)?\"?{re.escape(relation.name)}\b")
        for policy in relation.policies:
            place = None if itself.search(policy.text) else relation.oid
            yield place, (policy.text, policy.reads)
    own = {policy.text for relation in catalog.relations for policy in relation.policies}
    yield from ((None, text) for text in decision_texts(catalog) if text[0] not in own)


def _is_resource(
    catalog: Catalog, relation: Relation, mine: Ownership, readers: Collection[int]
) -> bool:
    """Whether a row is a thing that has an owner, such as a list, and says nothing about him.

    No key says that a user has one such row, or one in each of something else, and whatever asks
    for it, of ``readers``, is itself or lies below it: its state is a state of the thing.
    """
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    described = {*mine.users, *linked, *mine.states, *mine.claims}
    per_user = any(
        set(unique.columns) & set(mine.users) and set(unique.columns) <= described
        for unique in relation.uniques
        if unique.kind != "x"
    )
    return not per_user and set(readers) <= below(catalog, relation)
