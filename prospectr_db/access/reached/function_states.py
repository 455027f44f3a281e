"""States of rows in which functions are called once more: over, used up, withdrawn, deleted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from prospectr_db.access.matrix.baselines import AT_ONCE
from prospectr_db.access.matrix.row_classes import ROWS_OF
from prospectr_db.access.observation import Observation
from prospectr_db.access.ownership.beside import compared_columns, is_usual, resolved, values_beside
from prospectr_db.access.ownership.counted import counted_in
from prospectr_db.access.ownership.limits import limiting_elsewhere
from prospectr_db.access.ownership.told_apart import implies_values, told_apart
from prospectr_db.access.policies.decisions import helper_functions
from prospectr_db.access.policies.expressions import near
from prospectr_db.access.policies.ordering import without_ordering
from prospectr_db.access.policies.reach import called_functions
from prospectr_db.access.probes.counting import states_when_counted
from prospectr_db.access.rows.inhabitants import OWNER, Row
from prospectr_db.access.rows.reaching import reach_state
from prospectr_db.access.writing.statements import equals, literal, update
from prospectr_db.database.catalog import Catalog, Column, Function, Relation

__all__ = [
    "RowState",
    "Values",
    "apart_in",
    "asked_users",
    "states_of_columns",
    "states_of_function",
    "states_when_full",
]

_MOST_STATES = 16

Values = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class RowState:
    """The owner's row in another state than it is built in.

    ``name`` is shown, as ``invites.expires_at=2020-01-01``; ``column`` is the part before the
    equals sign and ``told`` its values, none where its type says which there are. ``preparation``
    is what a superuser runs before the call; ``usual`` is how the row is without it. ``owned``
    says whether it is somebody's, and not a list's; ``given`` are all columns changed for it.
    """

    name: str
    column: str
    told: Values
    preparation: str
    usual: str = ""
    owned: bool = True
    given: frozenset[str] = frozenset()


def states_of_function(observation: Observation, function: Function) -> Iterator[RowState]:
    """Yield the states that a function can tell apart, by the columns that its source names.

    The contract's are among them for as long as it names them, whatever the source says by now.
    """
    yield from states_of_columns(observation, _columns(observation, function))


def states_when_full(observation: Observation, function: Function) -> Iterator[RowState]:
    """Yield the owner with as many rows as a function counts to, or the contract says it does."""
    called = (function, *called_functions(observation.catalog, function))
    counted = counted_in(observation.catalog, called)
    for place, told in observation.given.states.get(function.label, {}).items():
        if place.startswith(ROWS_OF):
            numbers = filter(None, (*counted.get(place, ()), *told))
            counted[place] = tuple(dict.fromkeys(numbers))
    for name, made in states_when_counted(observation.catalog, observation.world, counted):
        place = name.partition("=")[0]
        yield RowState(name, place, counted[place], made)


def states_of_columns(
    observation: Observation,
    columns: Iterable[tuple[Relation, Row, Column, Values]],
    *,
    exact: bool = False,
) -> Iterator[RowState]:
    """Yield the states of the owner's rows in some columns, each with the values to try.

    With ``exact`` a text of several words is shown whole; of times only the day ever is.
    """
    found = 0
    for relation, row, column, values in columns:
        told = () if implies_values(column) else values
        for value in values:
            wanted = resolved(relation, row.values, column.name, value)
            usual = is_usual(relation, row.values, column.name, value)
            if found == _MOST_STATES or not wanted or usual:
                continue
            whole = observation.world.states.get((relation.oid, column.name, value))
            whole = whole or reach_state(observation.connection, relation, row, wanted)
            if whole is not None:
                found += 1
                day = not exact or column.category == "D"
                place = f"{relation.name}.{column.name}"
                state = relation.oid, column.name, value
                prepared = _preparation(observation, relation, row, whole, state)
                name = f"{place}={_shown(value, day=day)}"
                usually = f"{place}={_shown(row.values.get(column.name), day=day)}"
                owned = observation.ownership[relation.oid].owned
                yield RowState(name, place, told, prepared, usually, owned, frozenset(whole))


def apart_in(catalog: Catalog, function: Function) -> Callable[[Iterable[str]], int]:
    """Return what says how far apart a function, and those that it calls, name some columns.

    Each is given as ``invites.expires_at``. What must hold together is written together.
    """
    source = " ".join(f.source for f in (function, *called_functions(catalog, function)))
    places: dict[str, list[int]] = {}
    for match in re.finditer(r"\w+", source):
        places.setdefault(match.group(), []).append(match.start())

    def apart(columns: Iterable[str]) -> int:
        named = [places.get(column.rpartition(".")[2], []) for column in columns]
        return sum(
            min((abs(here - there) for here in one for there in other), default=len(source))
            for one, other in combinations(named, 2)
        )

    return apart


def asked_users(observation: Observation, function: Function) -> frozenset[str]:
    """Return the users who are told apart by columns that a function, or what it calls, names."""
    catalog, world = observation.catalog, observation.world
    source = _source(catalog, function)
    words = set(re.findall(r"\w+", source))
    named = {
        (relation.oid, column)
        for relation in catalog.own_relations
        if relation.name in words
        for column in relation.by_name
        if column in words
    }
    users = {k for k, (s, _) in world.standings.items() if (s.relation, s.column) in named}
    for oid, told in world.conditions.items():
        for columns in (name.split(AT_ONCE) for name in told):
            if all((oid, column) in named for column in columns):
                users |= {
                    key
                    for relation, key in world.rows
                    if relation == oid
                    and [p.partition("=")[0] for p in key.split(AT_ONCE)] == columns
                }
    return frozenset(users)


def _source(catalog: Catalog, function: Function) -> str:
    """Return what a function and those that it calls say, without what they only sort by."""
    called = (function, *called_functions(catalog, function))
    return " ".join(without_ordering(one.source) for one in called)


def _shown(value: str | None, *, day: bool) -> str:
    if value is None:
        return "null"
    return value.split(" ")[0] if day else value


def _columns(
    observation: Observation, function: Function
) -> Iterator[tuple[Relation, Row, Column, Values]]:
    """Yield the columns of the owner's rows that can decide, each with the values to try."""
    catalog = observation.catalog
    source = _source(catalog, function)
    words = set(re.findall(r"\w+", source))
    given: Mapping[str, Values] = observation.given.states.get(function.label, {})
    standings = {(s.relation, s.column) for s in observation.standings}
    tables = [relation for relation in catalog.own_relations if relation.name in words]
    # A list of those who have a standing shows nothing of the owner while he has none. What helpers
    # of policies ask is their caller's standing.
    helps = function.oid in helper_functions(catalog)
    shown = set() if helps else set(re.findall(r"\w+", function.source))
    for relation in catalog.own_relations:
        row = observation.world.row(relation, OWNER)
        if not relation.is_table or relation.is_partition or row is None:
            continue
        owner = observation.ownership[relation.oid]
        links = {name for fk in relation.foreign_keys for name in fk.columns}
        key = {n for n in relation.primary_key if not _is_said(relation.by_name[n], source)}
        settled = {*owner.users, *owner.claims, *links, *key}
        known = frozenset((relation.oid, name) for name in relation.by_name if name in words)
        beside = compared_columns(relation, [(source, known)]) if relation.name in words else {}
        for column in relation.columns:
            place = f"{relation.name}.{column.name}"
            named = relation.name in words and column.name in words
            if not (named or place in given) or column.name in settled or not column.is_writable:
                continue
            standing = (relation.oid, column.name) in standings and len(owner.deciding) < 2
            if standing and column.name not in shown and place not in given:
                continue  # there is a persona for each; a row of two users says nothing of one
            text = (source, frozenset({(relation.oid, column.name)}))
            values = told_apart(relation, column, [text])
            values = values or limiting_elsewhere(relation, column, source, tables)
            values = (*values, *given.get(place, ()))
            if column.name in beside:
                values = (*values, *values_beside(beside[column.name]))
            yield relation, row, column, tuple(dict.fromkeys(values))


def _is_said(column: Column, source: str) -> bool:
    """Whether a part of a key is a kind of thing that a function asks for: ``metric = 'calls'``."""
    return column.category == "S" and bool(near(column.name, source))


def _preparation(
    observation: Observation,
    relation: Relation,
    row: Row,
    values: Mapping[str, str | None],
    state: tuple[int, str, str | None],
) -> str:
    """Return what brings a row into a state, and lets what changes it afterwards be noticed.

    A row without a key is found by what no state changes of it.
    """
    told = observation.ownership[relation.oid].states
    kept = [name for name in row.values if name not in told and name not in values]
    names: Sequence[str] = relation.primary_key or kept or tuple(row.values)
    found = equals(relation, {name: row.values[name] for name in names})
    later = equals(relation, {name: {**row.values, **values}[name] for name in names})
    there = " ".join(
        ("(select t.tableoid, t.ctid, to_jsonb(t) from", relation.sql_name, "as t where", later)
    )
    noted = " ".join(
        (
            "update prospectr_access.rows as r set (partition, place, image) =",
            there,
            "limit 1) where r.label =",
            literal(row.label),
        )
    )
    if set(relation.primary_key) & values.keys():
        after = {**row.values, **values}
        key = ", ".join(f"{literal(after[name])}::text" for name in relation.primary_key)
        noted = noted.replace(" set (", f" set key = array[{key}]::text[], (", 1)
    changed = observation.world.reaching(state, update(relation, values, found))
    return "; ".join((changed, noted) if relation.primary_key or kept else (changed,))
