"""States of rows in which views are read once more: what their conditions can tell apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from prospectr_db.access.observation import Observation
from prospectr_db.access.ownership.beside import compared_columns, values_beside
from prospectr_db.access.ownership.told_apart import told_apart
from prospectr_db.access.policies.ordering import without_ordering
from prospectr_db.access.policies.reach import (
    functions_of_view,
    reached_by_view,
    tables_of_view,
    views_below,
)
from prospectr_db.access.reached.function_states import RowState, Values, states_of_columns
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.database.catalog import Column, Relation

__all__ = ["Setting", "on_top", "opening", "settings_of_view"]

_MOST_TOGETHER = 4
"""Columns that are brought into a state at once, where fewer do not open a view."""
_MOST_TRIED = 600
_MOST_OPENING = 3
_CONDITIONS = re.compile(r"\b(?:WHERE|ON|HAVING|CASE|FILTER|COALESCE|NULLIF)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Setting:
    """Rows in one state, or in several at once; ``personal`` says that it gives its user power."""

    states: tuple[RowState, ...]
    personal: bool = False
    refreshing: str | None = None

    @property
    def name(self) -> str:
        """What stands in brackets behind a row class."""
        return ", ".join(state.name for state in self.states)

    @property
    def columns(self) -> frozenset[str]:
        """The columns that differ from the row as it was built."""
        return frozenset(state.column for state in self.states)

    @property
    def given(self) -> frozenset[str]:
        """The names of all columns that are changed for it."""
        return frozenset(name for state in self.states for name in state.given)

    @property
    def owned(self) -> bool:
        """Whether all of it is said of somebody's rows."""
        return all(state.owned for state in self.states)

    @property
    def preparation(self) -> str:
        """What a superuser runs before the view is asked."""
        steps = [state.preparation for state in self.states]
        return "; ".join([*steps, *([self.refreshing] if self.refreshing else [])])


def settings_of_view(
    observation: Observation, view: Relation, refreshing: str | None
) -> list[Setting]:
    """Return the single states that a view can tell apart; ``refreshing`` follows each.

    The contract's are among them for as long as it names them, whatever the view says by now.
    """
    standing = {
        f"{observation.catalog.by_oid[s.relation].name}.{s.column}" for s in observation.standings
    }
    columns = _columns(observation, view)
    return [
        Setting((state,), state.column in standing, refreshing)
        for state in states_of_columns(observation, columns, exact=True)
    ]


def on_top(one: Setting, others: Iterable[Setting]) -> Iterator[Setting]:
    """Yield a setting with one more column changed, for each of some others that change another."""
    for other in others:
        if not one.columns & other.columns:
            personal = one.personal or other.personal
            yield Setting((*one.states, *other.states), personal, one.refreshing)


def opening(
    singles: Sequence[Setting],
    shows: Callable[[Sequence[Setting]], Sequence[bool]],
    *,
    most: int = _MOST_TRIED,
    order: Callable[[Sequence[Setting]], int] | None = None,
) -> list[Setting]:
    """Return the smallest settings of several columns that show what no single state does.

    ``shows`` says of each of several settings whether rows are seen in it, of ``most`` in all, the
    first by ``order``.
    """
    left = most
    for size in range(2, _MOST_TOGETHER + 1):
        tried = [found for found in combinations(singles, size) if _differ(found)]
        tried = sorted(tried, key=order) if order else tried
        tried = list(islice(tried, left))
        settings = [_together(found) for found in tried]
        seen = shows(settings) if settings else []
        opened = [one for one, there in zip(settings, seen, strict=True) if there]
        if opened:
            return opened[:_MOST_OPENING]
        left -= len(tried)
    return []


def _differ(settings: Sequence[Setting]) -> bool:
    return len({name for one in settings for name in one.columns}) == len(settings)


def _together(settings: Sequence[Setting]) -> Setting:
    states = tuple(state for one in settings for state in one.states)
    return Setting(states, any(one.personal for one in settings), settings[0].refreshing)


def _columns(
    observation: Observation, view: Relation
) -> Iterator[tuple[Relation, Row, Column, Values]]:
    """Yield the columns of the owner's rows that can decide, remembered ones first."""
    catalog = observation.catalog
    said = _conditions(observation, view)
    words = set(re.findall(r"\w+", said))
    asked = _asked_by_policies(observation, view)
    given = observation.given.states.get(view.label, {})
    under = {relation.oid for relation in tables_of_view(catalog, view)}
    found: list[tuple[bool, Relation, Row, Column, Values]] = []
    for relation in reached_by_view(catalog, view):
        row = observation.world.row(relation, OWNER)
        if row is None or (relation.oid not in under and relation.name not in words):
            continue  # a function that could reach every table names this one nowhere
        owner = observation.ownership[relation.oid]
        links = {name for fk in relation.foreign_keys for name in fk.columns}
        settled = {*owner.users, *owner.claims, *links, *relation.primary_key}
        known = frozenset((relation.oid, name) for name in relation.by_name if name in words)
        beside = compared_columns(relation, [(said, known)])
        for column in relation.columns:
            place = f"{relation.name}.{column.name}"
            told = given.get(place)
            is_asked = column.name in words or (relation.oid, column.name) in asked
            if (told is None and not is_asked) or column.name in settled or not column.is_writable:
                continue
            text = (said, frozenset({(relation.oid, column.name)}))
            values = (*(told or ()), *told_apart(relation, column, [text]))
            if column.name in beside:
                values = (*values, *values_beside(beside[column.name]))
            values = tuple(dict.fromkeys((*values, *owner.told.get(column.name, ()))))
            found.append((told is None, relation, row, column, values))
    for _, *one in sorted(found, key=lambda item: item[0]):
        yield tuple(one)  # type: ignore[misc]


def _conditions(observation: Observation, view: Relation) -> str:
    """Return the conditions of a view, of those below it, and of the functions that these call."""
    catalog = observation.catalog
    texts = [view.definition or "", *(v.definition or "" for v in views_below(catalog, view))]
    called = functions_of_view(catalog, view)
    parts = texts if called else [part for t in texts for part in _CONDITIONS.split(t)[1:]]
    said = (*parts, *(function.source for function in called))
    return " ".join(map(without_ordering, said))


def _asked_by_policies(observation: Observation, view: Relation) -> set[tuple[int, str]]:
    """Return the columns that policies read where they bind who reads the view."""
    if not view.security_invoker:
        return set()
    reached = {relation.oid for relation in reached_by_view(observation.catalog, view)}
    return {
        pair
        for relation in reached_by_view(observation.catalog, view)
        for policy in relation.policies
        for pair in policy.reads
        if pair[0] in reached
    }
