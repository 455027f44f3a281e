"""Whether a copy is what the project is: every difference is told, and what may differ is named."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from prospectr_db.database.snapshot import Change, Facts, Key, Snapshot, difference
from prospectr_db.schema.entries import is_platform_role
from prospectr_db.schema.reading import Schema, Statement

__all__ = ["is_platforms", "unlike", "unlike_facts"]

_IN_SCHEMA = re.compile(r" in (.*) to ")
_OWNED = frozenset({"functions", "sequences", "tables", "types", "views"})
# What two versions of PostgreSQL spell differently is compared without its spelling: names with or
# without the relation before them, and white space.
_QUALIFIER = re.compile(r"""(?:"(?:[^"]|"")+"|\b[a-z_][\w$]*)\.(?=["a-z_*])""", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_SPELLED = frozenset({"body", "check", "default", "definition", "generated", "using"})
# Before PostgreSQL 17 a partition did not say that it numbers its rows as its parent does.
_IDENTITY_SINCE = 17


def unlike(schema: Schema, copy: Snapshot, *, exactly: bool) -> tuple[Change, ...]:
    """Return where a copy differs from the schema that it was built from; empty where it is equal.

    Not compared: what is Supabase's own, of which every project has another edition (its policies,
    triggers and privileges are compared when they are put on the copy); extensions, whose absence
    is told where they are missed; the spelling of expressions between two versions of PostgreSQL.
    ``exactly``: both are of the same version.
    """
    expected = _comparable(schema.shape, schema, exactly=exactly)
    found = _comparable(copy, schema, exactly=exactly)
    return tuple(
        change
        for change in difference(expected, found)
        if not is_platforms(change.key, schema.platform) or _is_lost(change)
    )


def unlike_facts(
    there: Mapping[str, Sequence[Statement]],
    here: Mapping[str, Sequence[Statement]],
    *,
    exactly: bool,
) -> set[str]:
    """Return the names of the facts, each a statement, that only one side has or that differ.

    A role that only the copy has is the platform's, and nobody's member.
    """
    names = set()
    for question in there:
        expected = {item.name: _statement(item, exactly=exactly) for item in there[question]}
        found = {item.name: _statement(item, exactly=exactly) for item in here.get(question, ())}
        only_here = {item.name for item in here.get(question, ()) if item.unmake is None}
        names |= {
            name
            for name in (expected.keys() | found.keys()) - (only_here - expected.keys())
            if expected.get(name) != found.get(name)
        }
    return names


def _statement(item: Statement, *, exactly: bool) -> str:
    return item.make if exactly else _QUALIFIER.sub("", _SPACE.sub(" ", item.make))


def is_platforms(key: Key, platform: Collection[str]) -> bool:
    """Whether an object is Supabase's own, by the schema that it is in."""
    if key.kind == "schemas":
        return key.name in platform
    if key.kind == "comments":
        # An object's identity: its type, its name, and the relation that it is on.
        return any(
            re.search(rf'(?:^|\s)"?{re.escape(schema)}"?\.', key.name)
            or key.name == f"schema {schema}"
            for schema in platform
        )
    if key.kind == "default_privileges":
        place = _IN_SCHEMA.search(key.name)
        return place is not None and place[1] in platform
    name = key.name
    if key.kind in ("grants", "column_grants"):
        word, _, name = name.partition(" ")
        if word == "schema":
            return name.rpartition(" to ")[0] in platform
    return name.partition(".")[0] in platform


def _is_lost(change: Change) -> bool:
    """Whether the copy lacks what the project made in the platform's schemas, as it once could."""
    return (
        change.action == "removed"
        and change.key.kind in _OWNED
        and not is_platform_role((change.before or {}).get("owner", "supabase_admin"))
    )


def _comparable(shape: Mapping[Key, Facts], schema: Schema, *, exactly: bool) -> dict[Key, Facts]:
    partitions = {
        key.name for key in shape if key.kind == "tables" and shape[key].get("kind") == "partition"
    }
    found: dict[Key, Facts] = {}
    for key, facts in shape.items():
        if key.kind == "extensions":
            continue
        if key.kind == "event_triggers" and facts["function"].partition(".")[0] in schema.platform:
            continue
        told = dict(facts)
        if key.kind == "publications":
            told["tables"] = _projects(told.get("tables"), schema.platform)
        is_partitions = key.kind == "columns" and key.name.rpartition(".")[0] in partitions
        if is_partitions and schema.version < _IDENTITY_SINCE:
            told.pop("identity", None)
        found[key] = told if exactly else _unspelled(told)
    return found


def _projects(tables: Mapping[str, Any] | None, platform: Collection[str]) -> dict[str, Any]:
    return {
        name: facts
        for name, facts in (tables or {}).items()
        if name.partition(".")[0].strip('"') not in platform
    }


def _unspelled(facts: Facts) -> dict[str, Any]:
    return {
        name: _QUALIFIER.sub("", _SPACE.sub(" ", value)) if name in _SPELLED else value
        for name, value in facts.items()
    }
