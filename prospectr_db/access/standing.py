"""Which columns on a user's own row say what he may do elsewhere, and which value gives least."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prospectr_db.access.decisions import Text, helper_functions, literals, mentions
from prospectr_db.database.catalog import Catalog

if TYPE_CHECKING:
    from prospectr_db.access.ownership import Ownership

__all__ = ["Standing", "find_standings", "weakest"]


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
_EARLY = re.compile(r"invit|pend|request|declin|reject", re.IGNORECASE)


_LOW = re.compile(r"member|user|view|guest|read|basic|free|false|none|student|customer", re.I)


def weakest(standing: Standing, texts: Iterable[Text]) -> str:
    """Return the value that gives the least: policies do not ask for it, or it sounds like it.

    Of a column that says whether somebody still belongs, the value of those who do.
    """
    said = {value for text, _ in texts for value in literals(text)}
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
    helpers = frozenset(
        pair for f in helper_functions(catalog).values() for pair in mentions(catalog, f.source)
    )
    found: list[Standing] = []
    for relation in catalog.own_relations:
        mine = ownership[relation.oid]
        if not mine.users or not relation.is_table or relation.is_partition:
            continue
        for name, values in mine.states.items():
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
            apart = any(
                relation.oid not in {fk.target for fk in other.foreign_keys} for other in readers
            )
            if (
                (readers and (one_per_user or apart))
                or (relation.oid, name) in helpers
                or (name in known.get(relation.label, ()))
            ):
                found.append(Standing(relation.oid, name, values))
    return tuple(found)
