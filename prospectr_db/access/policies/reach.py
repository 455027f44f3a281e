"""Which tables a view or function can show or change, and which functions something calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prospectr_db.database.catalog import Catalog, Function, Relation

__all__ = [
    "asks_as_another",
    "called_functions",
    "functions_of_view",
    "reached_by_view",
    "refreshing",
    "tables_of_function",
    "tables_of_view",
    "trigger_functions",
    "trigger_source",
    "views_below",
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
