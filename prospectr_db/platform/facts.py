"""What we believe a hosted Supabase database looks like, as facts to hold a snapshot to."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from prospectr_db.database.snapshot import Snapshot, kinds, take
from prospectr_db.platform.install import Profile

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["SCHEMAS", "Objects", "describe", "expected", "observe"]

Objects = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Kind -> name of the object -> its facts."""

SCHEMAS = (
    "auth",
    "cron",
    "extensions",
    "graphql",
    "graphql_public",
    "net",
    "pgbouncer",
    "public",
    "realtime",
    "storage",
    "supabase_functions",
    "vault",
)
"""The schemas whose contents are the platform's, and public, of which only the grants are."""

_FILES = {Profile.CURRENT: "current.json", Profile.SEED: "seed.json"}
_INDEX = re.compile(r"^CREATE (UNIQUE )?INDEX .*? ON (?:ONLY )?\S+ (USING .*)$", re.DOTALL)

# PostgreSQL 17 added it to every `grant all`; older servers cannot say it.
_VERSION_DEPENDENT = "MAINTAIN"

# What lies in these two is the project's or an extension's, but for the event triggers' functions.
_SHARED = ("public.", "extensions.")
_UNTOLD = frozenset({"column_grants", "comments", "rules", "sequences"})


@cache
def expected(profile: Profile) -> Objects:
    """Return the facts of an era, as committed beside this module."""
    text = resources.files("prospectr_db.platform").joinpath("expected", _FILES[profile])
    facts: Objects = json.loads(text.read_text(encoding="utf-8"))
    return facts


def observe(connection: Connection[Any]) -> Objects:
    """Return the facts of a live database's platform; changes nothing. Raises psycopg.Error."""
    return describe(take(connection, schemas=SCHEMAS, include=kinds(), extension_members=True))


def describe(snapshot: Snapshot) -> Objects:
    """Turn a snapshot into facts: without what depends on the server's version or on a project."""
    tables = snapshot.of("tables")
    described: dict[str, dict[str, Mapping[str, Any]]] = {kind: {} for kind in kinds()}
    for (kind, name), facts in snapshot.items():
        if kind == "constraints" and name.rpartition(".")[0] not in tables:
            continue  # of a domain
        if _is_platforms(kind, name, facts):
            described[kind][name] = _plain(kind, facts)
    return described


def _is_platforms(kind: str, name: str, facts: Mapping[str, Any]) -> bool:
    if kind in _UNTOLD or (kind == "types" and facts["kind"] == "domain"):
        return False
    if kind == "functions" and facts["result"] == "event_trigger":
        return not name.startswith("public.")
    if kind == "grants":
        object_kind, _, rest = name.partition(" ")
        return object_kind != "sequence" and not rest.startswith(_SHARED)
    return not name.startswith(_SHARED)


def _plain(kind: str, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    plain = dict(facts)
    if kind == "indexes":
        found = _INDEX.match(plain["definition"])
        if found:
            plain["definition"] = ("unique " if found[1] else "") + found[2]
    if "privileges" in plain:
        plain["privileges"] = [
            privilege
            for privilege in plain["privileges"]
            if not privilege.startswith(_VERSION_DEPENDENT)
        ]
    return plain
