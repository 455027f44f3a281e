"""Which tables a view or function can show or change, and how a change in them is noticed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.inhabitants import OWNER
from prospectr_db.access.matrix import GIVES
from prospectr_db.access.statements import delete, equals, literal, quote_identifier
from prospectr_db.database.catalog import Catalog, Function, Relation

if TYPE_CHECKING:
    from prospectr_db.access.observation import Observation

__all__ = [
    "asks_as_another",
    "called_functions",
    "changed_rows",
    "functions_of_view",
    "owners_labels",
    "reached_by_view",
    "refreshing",
    "tables_of_function",
    "tables_of_view",
    "trigger_functions",
    "trigger_source",
    "views_below",
    "without_anybodys_rows",
    "without_owners_rows",
    "words_of_function",
    "words_of_view",
]

_MOST_TABLES = 60


def tables_of_view(
    catalog: Catalog, view: Relation, seen: frozenset[int] = frozenset()
) -> list[Relation]:
    """Return the tables under a view, through other views."""
    found: list[Relation] = []
    for oid in view.sources:
        source = catalog.by_oid.get(oid)
        if source is None or oid in seen:
            continue
        found += [source] if source.is_table else tables_of_view(catalog, source, seen | {oid})
    return list({relation.oid: relation for relation in found}.values())


def views_below(
    catalog: Catalog, view: Relation, seen: frozenset[int] = frozenset()
) -> list[Relation]:
    """Return the views and materialized views that a view reads, the lowest first."""
    found: list[Relation] = []
    for oid in view.sources:
        source = catalog.by_oid.get(oid)
        if source is None or source.is_table or oid in seen:
            continue
        found += [*views_below(catalog, source, seen | {oid}), source]
    return list({relation.oid: relation for relation in found}.values())


def functions_of_view(catalog: Catalog, view: Relation) -> list[Function]:
    """Return the functions that a view names, those below it, and those that these name."""
    found: dict[int, Function] = {}
    for one in (view, *views_below(catalog, view)):
        for function in _called(catalog, one.definition or ""):
            found |= {
                other.oid: other for other in (function, *called_functions(catalog, function))
            }
    return list(found.values())


def words_of_view(catalog: Catalog, view: Relation) -> frozenset[str]:
    """Return every word of a view, of those below it, and of the functions that they call."""
    texts = [one.definition or "" for one in (view, *views_below(catalog, view))]
    texts += [function.source for function in functions_of_view(catalog, view)]
    return frozenset(_words(" ".join(texts)))


def words_of_function(catalog: Catalog, function: Function) -> frozenset[str]:
    """Return every word of a function, of those that it calls, and of the views that these read."""
    sources = [one.source for one in (function, *called_functions(catalog, function))]
    words = _words(" ".join(sources))
    views = (one for one in catalog.own_relations if one.kind in "vm" and one.name in words)
    return frozenset(words.union(*(words_of_view(catalog, view) for view in views)))


def refreshing(catalog: Catalog, view: Relation) -> str | None:
    """Return what brings the materialized views of a view up to date, the lowest first."""
    kept = [one for one in (*views_below(catalog, view), view) if one.kind == "m"]
    steps = (" ".join(("refresh materialized view", one.sql_name)) for one in kept)
    return "; ".join(steps) or None


def reached_by_view(catalog: Catalog, view: Relation) -> list[Relation]:
    """Return the tables under a view and those that the functions it calls can reach."""
    found = tables_of_view(catalog, view)
    for function in functions_of_view(catalog, view):
        found += tables_of_function(catalog, function)
    return list({relation.oid: relation for relation in found}.values())


def tables_of_function(catalog: Catalog, function: Function) -> list[Relation]:
    """Return the tables that a function can reach: those it names, or all where it names none."""
    words = _words(function.source)
    tables = [r for r in catalog.own_relations if r.is_table and not r.is_partition]
    named = [r for r in tables if r.name in words]
    indirect = {other.name for other in catalog.functions if other.oid != function.oid}
    indirect |= {r.name for r in catalog.own_relations if r.kind in "vm"}
    blind = bool(indirect & words) or not named or "execute" in function.source.lower()
    return tables[:_MOST_TABLES] if blind else named


def asks_as_another(catalog: Catalog, text: str, seen: frozenset[str] = frozenset()) -> bool:
    """Whether a text calls a function, or reads a view, that has its owner's rights.

    Only then can what its reader may not see decide: everything else is asked in his name.
    """
    for relation in catalog.own_relations:
        if relation.kind in "vm" and relation.name not in seen and relation.name in _words(text):
            if relation.kind == "m" or not relation.security_invoker:
                return True
            if asks_as_another(catalog, relation.definition or "", seen | {relation.name}):
                return True
    for function in _called(catalog, text):
        if function.name in seen:
            continue
        if function.definer or asks_as_another(catalog, function.source, seen | {function.name}):
            return True
    return False


def called_functions(catalog: Catalog, function: Function) -> list[Function]:
    """Return the functions that a function names, and those that these name, without itself."""
    found: dict[int, Function] = {function.oid: function}
    waiting = [function]
    while waiting:
        for other in _called(catalog, waiting.pop().source):
            if other.oid not in found:
                found[other.oid] = other
                waiting.append(other)
    return list(found.values())[1:]


def trigger_functions(catalog: Catalog, relation: Relation) -> list[Function]:
    """Return the functions of a relation's triggers, but for those that are switched off."""
    return [
        catalog.function_by_oid[trigger.function]
        for trigger in relation.triggers
        if trigger.enabled != "D" and trigger.function in catalog.function_by_oid
    ]


def trigger_source(catalog: Catalog, relation: Relation) -> str:
    """Return what a relation's triggers say, and the functions that they call."""
    functions = trigger_functions(catalog, relation)
    called = [other for function in functions for other in called_functions(catalog, function)]
    return " ".join(function.source for function in (*functions, *called))


def _called(catalog: Catalog, text: str) -> Iterator[Function]:
    words = _words(text)
    yield from (function for function in catalog.functions if function.name in words)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


def owners_labels(observation: Observation, relations: Sequence[Relation]) -> set[str]:
    """Return the labels of the owner's rows in some tables."""
    return {
        row.label
        for relation in relations
        if (row := observation.world.row(relation, OWNER)) is not None
    }


def without_owners_rows(observation: Observation, relations: Sequence[Relation]) -> str | None:
    """Return the statements that take the owner's rows away; None where there is none of them."""
    rows = [
        (relation, row)
        for relation in relations
        if observation.ownership[relation.oid].owned
        and relation is not observation.catalog.users
        and (row := observation.world.row(relation, OWNER)) is not None
    ]
    steps = [
        delete(r, equals(r, {n: row.values[n] for n in r.primary_key or row.values}))
        for r, row in rows
    ]
    return "; ".join(steps) or None


def without_anybodys_rows(
    observation: Observation, relations: Sequence[Relation], *, but: Sequence[str]
) -> str | None:
    """Return the statements that take away whatever belongs to anybody ``but`` some users."""
    steps = []
    for relation in relations:
        if not observation.ownership[relation.oid].owned or relation is observation.catalog.users:
            continue
        known = " ".join(
            (
                "delete from",
                relation.sql_name,
                "as t using prospectr_access.rows as r where r.relation =",
                str(relation.oid),
                "and",
                observation.plan(relation).joined_key(),
            )
        )
        spared = ", ".join(literal(f"{relation.label}:{key}") for key in but)
        steps.append("".join((known, " and r.label not in (", spared, ")")))
    return "; ".join(steps) or None


def changed_rows(
    observation: Observation, relations: Sequence[Relation], *, raised: bool = False
) -> str:
    """Return the question which known rows changed, or were added for the owner, in some tables.

    A row added in his name is told as ``TABLE:new``, one below a row of his as ``TABLE:below``, and
    one that names the caller, too, as ``TABLE:new as COLUMN``: it is the caller's own in part. One
    that makes him more than the least there is ``TABLE:new as COLUMN with TABLE.role=admin``.
    With ``raised``, a row by which its user may do more than before is told as ``LABEL:raised``.
    """
    parts: list[str] = []
    for relation in relations:
        if not relation.is_table:
            continue
        plan = observation.plan(relation)
        told = "select array_agg(r.label order by r.label)"
        parts.append(plan.changed().replace(told, "select r.label", 1))
        if raised and (higher := _raised(observation, relation)):
            parts.append(f"{plan.known().replace(told, _RAISED, 1)} and ({higher})")
        known = " ".join(
            ("select 1 from prospectr_access.rows as r where r.relation =", str(relation.oid))
        )
        added = " ".join(
            (
                "not exists (",
                known,
                "and (r.partition, r.place) = (t.tableoid, t.ctid)) and not exists (",
                known,
                "and t.tableoid = r.partition and",
                plan.joined_key(),
                ") and not exists (select 1 from prospectr_access.strays as s where s.relation =",
                str(relation.oid),
                "and (s.partition, s.place) = (t.tableoid, t.ctid))",
            )
        )
        his = _is_the_owners(observation, relation)
        shared = _names_the_caller(observation, relation) if his else {}
        below = _below_the_owners(observation, relation)
        apart = f"{below} and not ({his})" if below and his else below
        alone = " and ".join((f"({his})", *(f"not {one}" for one in shared.values())))
        both = {f"new as {name}": f"({his}) and {one}" for name, one in shared.items()}
        more = _more_than_the_least(observation, relation, below) if below else {}
        for mark, condition in {"new": his and alone, **both, "below": apart, **more}.items():
            if condition:
                told = literal(f"{relation.label}:{mark}")
                parts.append(
                    " ".join(
                        ("select", told, "from", relation.sql_name, "as t where", f"({condition})")
                    )
                )
                parts[-1] += f" and {added}"
    if not parts:
        return "select '{}'::text[]"
    return "".join(("select array(", " union all ".join(parts), ")"))


_RAISED = "select r.label || ':raised'"


def _raised(observation: Observation, relation: Relation) -> str:
    """Return the condition that a row gives its user more than it did; empty where none can.

    What policies ask about a user has another value; of amounts, also of those that only the server
    sets beside it, there is more: to spend some of one's own raises nobody.
    """
    asked = {s.column for s in observation.standings if s.relation == relation.oid}
    found = []
    for column in relation.columns if asked else ():
        is_closed = "w" not in column.privileges.get("authenticated", "")
        was = "".join(("r.image->>", literal(column.name)))
        now = "".join(("t.", quote_identifier(column.name)))
        if column.category == "N" and (column.name in asked or is_closed):
            found.append("".join((now, " > (", was, ")::numeric")))
        elif column.name in asked:
            found.append(
                "".join(("to_jsonb(t)->>", literal(column.name), " is distinct from ", was))
            )
    return "".join(("t.tableoid is not null and (", " or ".join(found), ")")) if found else ""


def _is_the_owners(observation: Observation, relation: Relation) -> str:
    """Return the condition that a row names the owner where users are named; empty where none is.

    Not in any text: whoever is called with an id as a title has nothing to do with that user.
    """
    owner = observation.world.actors[OWNER].id
    users = observation.ownership[relation.oid].users
    names = [c.name for c in relation.columns if c.base_name == "uuid" or c.name in users]
    held = (
        "".join(("t.", quote_identifier(n), "::text like ", literal(f"%{owner}%"))) for n in names
    )
    return " or ".join(held)


def _names_the_caller(observation: Observation, relation: Relation) -> dict[str, str]:
    """Return, by column, the condition that a row names in it who calls, and is not the owner."""
    owner = literal(observation.world.actors[OWNER].id)
    sub = "nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'"
    return {
        name: " ".join(
            (
                f"coalesce(({sub}) <> {owner} and position(({sub}) in",
                f"t.{quote_identifier(name)}::text) > 0, false)",
            )
        )
        for name in observation.ownership[relation.oid].users
    }


def _more_than_the_least(
    observation: Observation, relation: Relation, below: str
) -> dict[str, str]:
    """Return, by its mark, the condition that a row below the owner's gives the caller power."""
    least = observation.ownership[relation.oid].weakest
    return {
        f"new as {name}{GIVES}{relation.name}.{standing.column}={value}": " ".join(
            (
                f"{below} and {caller} and",
                f"t.{quote_identifier(standing.column)}::text = {literal(value)}",
            )
        )
        for standing in observation.standings
        if standing.relation == relation.oid and not standing.gone
        for name, caller in _names_the_caller(observation, relation).items()
        for value in standing.values
        if value is not None and value != least.get(standing.column)
    }


def _below_the_owners(observation: Observation, relation: Relation) -> str:
    """Return the condition that a row hangs below one of the owner's; empty where none can."""
    row = observation.world.row(relation, OWNER)
    users = observation.catalog.users
    found = []
    for fk in relation.foreign_keys:
        target = observation.catalog.by_oid.get(fk.target or 0)
        if target is None or target is users or not observation.ownership[target.oid].owned:
            continue
        values = {name: row.values.get(name) for name in fk.columns} if row else {}
        if values and all(value is not None for value in values.values()):
            found.append(equals(relation, values))
    return "".join(("((", ") or (".join(found), "))")) if found else ""
