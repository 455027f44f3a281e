"""What stands around the tables: roles, schemas, sequences, what new objects get, buckets."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from prospectr_db.access.matrix.row_classes import FILES
from prospectr_db.access.policies.decisions import helper_functions
from prospectr_db.access.policies.expressions import normalise
from prospectr_db.access.policies.loose_names import looks_names_up
from prospectr_db.access.rows.inhabitants import NEWCOMER
from prospectr_db.database.catalog import API_ROLES, PLATFORM_SCHEMAS, Catalog
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.access.matrix.matrix import TableAccess
    from prospectr_db.access.observation import Observation

__all__ = [
    "GROUPS",
    "LATER_GROUPS",
    "LOGIN",
    "UPLOADS",
    "Surroundings",
    "observe_surroundings",
    "with_rows_made",
    "with_untried_policies",
]

LOGIN = "authenticator"
"""The role in which the API logs in, and which becomes what a token names."""
UPLOADS = "uploads"
"""The group of what refuses every file in a bucket."""
GROUPS = ("schemas", "roles", "sequences", "default_privileges", "platform_policies")
LATER_GROUPS = ("sign_up", "cascades", "services", UPLOADS)
"""Groups that a contract may leave out: then nobody has said anything about them."""
_LETTERS = {
    "r": "select",
    "a": "insert",
    "w": "update",
    "d": "delete",
    "D": "truncate",
    "x": "references",
    "t": "trigger",
    "m": "maintain",
    "U": "usage",
    "X": "execute",
    "C": "create",
}
_KINDS = {"r": "tables", "S": "sequences", "f": "functions", "T": "types", "n": "schemas"}
# Nothing of a project is created by this role: it is the platform's own.
_PLATFORM_ROLE = "supabase_admin"
# Supabase's own services log in with these; Auth calls its hooks as the first.
_SERVICES = ("supabase_auth_admin", "supabase_storage_admin", "supabase_realtime_admin")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Privileges that no table has. ``groups`` are sentences by kind, ``buckets`` their settings.

    ``loose`` are functions with their owner's rights that look names up wherever the caller says,
    ``serving`` the schemas of the functions that policies call.
    """

    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    buckets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    loose: tuple[str, ...] = ()
    serving: frozenset[str] = frozenset()


def observe_surroundings(connection: Connection[Any], catalog: Catalog) -> Surroundings:
    """Read what stands around the tables."""
    names = _looked_up_names(connection)
    return Surroundings(
        {
            "schemas": tuple(_schemas(catalog)),
            "roles": tuple(_roles(catalog)),
            "sequences": tuple(_sequences(catalog)),
            "default_privileges": tuple(_defaults(connection, catalog)),
            "platform_policies": (),
            "services": (*_handed_over(connection), *_policies_for_services(catalog)),
        },
        _buckets(connection),
        tuple(
            function.label
            for function in catalog.functions
            if function.definer
            and function.kind in "fp"
            and not any(setting.startswith("search_path=") for setting in function.settings)
            and looks_names_up(function, names)
        ),
        frozenset(function.schema for function in helper_functions(catalog).values()),
    )


def _looked_up_names(connection: Connection[Any]) -> dict[str, set[str]]:
    """Return by kind the names that are found by a search_path and not in pg_catalog."""
    found: dict[str, set[str]] = {}
    for kind, name in connection.execute(sql_text("catalog/access/looked_up_names.sql")).fetchall():
        found.setdefault(kind, set()).add(name)
    return found


def _schemas(catalog: Catalog) -> Iterator[str]:
    yield from (f"exposed: {name}" for name in sorted(catalog.exposed))
    for name, roles in sorted(catalog.schemas.items()):
        if name not in PLATFORM_SCHEMAS:
            yield from (f"{role}: usage on {name}" for role in roles)
            yield from (f"{role}: create in {name}" for role in catalog.creatable.get(name, ()))


def _roles(catalog: Catalog) -> Iterator[str]:
    yield from (f"{LOGIN}: member of {role}" for role in catalog.assumable)
    for role in (*API_ROLES, *catalog.assumable):
        yield from (f"{role}: member of {other}" for other in catalog.memberships.get(role, ()))
        if role in catalog.above_rls:
            yield f"{role}: above row-level security"
        yield from (f"{role}: {attribute}" for attribute in catalog.attributes.get(role, ()))


def _sequences(catalog: Catalog) -> Iterator[str]:
    for name, held in sorted(catalog.sequences.items()):
        for role in catalog.user_roles:
            if held.get(role):
                yield f"{role}: {_words(held[role])} on {name}"


def _words(letters: str) -> str:
    return ", ".join(_LETTERS.get(letter, letter) for letter in letters)


def _defaults(connection: Connection[Any], catalog: Catalog) -> Iterator[str]:
    roles = [*API_ROLES, *catalog.assumable]
    parameters = {"roles": roles, "platform": list(PLATFORM_SCHEMAS)}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(sql_text("catalog/access/default_privileges.sql"), parameters)
        for row in rows.fetchall():
            if row["creator"] == _PLATFORM_ROLE or not row["privileges"]:
                continue
            kind = _KINDS.get(row["kind"], row["kind"])
            place = f" in {row['schema']}" if row["schema"] else ""
            yield f"{row['role']}: {_words(row['privileges'])} on new {kind}{place}"


def _handed_over(connection: Connection[Any]) -> Iterator[str]:
    """Yield what a project grants to Supabase's services: without it a hook fails."""
    parameters = {"services": list(_SERVICES), "platform": list(PLATFORM_SCHEMAS)}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(sql_text("catalog/access/services.sql"), parameters)
        for row in rows.fetchall():
            yield f"{row['role']}: {row['privileges']} on {row['place']}"


def _policies_for_services(catalog: Catalog) -> Iterator[str]:
    """Yield the policies that let a service see rows, which no user of the API comes through."""
    for relation in sorted(catalog.own_relations, key=lambda one: one.label):
        found = {
            f"{role}: {'' if policy.permissive else 'restricted '}{policy.command}"
            f" on {relation.label} where {normalise(policy.text)}"
            for policy in relation.policies
            for role in policy.roles
            if role in _SERVICES
        }
        yield from sorted(found)


def with_untried_policies(
    surroundings: Surroundings, catalog: Catalog, tables: Iterable[TableAccess]
) -> Surroundings:
    """Return the surroundings with the text of each policy that observing taught nothing about.

    And with what refuses files, which is left out while they are tried.
    """
    tables = list(tables)
    untried = {name for t in tables for name in t.untried if t.relation != FILES}
    refused = sorted(
        f"{bucket}: {function}" for t in tables for bucket, (function, _) in t.hindered.items()
    )
    told = {"platform_policies": tuple(_policies(catalog, untried)), UPLOADS: tuple(refused)}
    return replace(surroundings, groups={**surroundings.groups, **told})


def with_rows_made(surroundings: Surroundings, observation: Observation) -> Surroundings:
    """Return the surroundings with what comes with a sign-up, and what goes with other rows."""
    catalog, world = observation.catalog, observation.world
    tables = [r for r in catalog.own_relations if r.is_table and not r.is_partition]
    made = tuple(
        f"everybody: a row in {relation.label}"
        for relation in sorted(tables, key=lambda r: r.label)
        if (relation.oid, NEWCOMER) in world.strays
        or ((row := world.row(relation, NEWCOMER)) is not None and row.adopted)
    )
    going = {
        f"{relation.label}: with {catalog.by_oid[fk.target].label} by {', '.join(fk.columns)}"
        for relation in tables
        for fk in relation.foreign_keys
        if fk.on_delete == "c"
        and fk.target in catalog.by_oid
        and catalog.by_oid[fk.target].schema not in PLATFORM_SCHEMAS
    }
    groups = {**surroundings.groups, "sign_up": made, "cascades": tuple(sorted(going))}
    return replace(surroundings, groups=groups)


# Tables of the platform that a project makes policies on and that the API does not show.
_SHARED = ("realtime.messages", "storage.buckets")


def _policies(catalog: Catalog, untried: Container[str]) -> Iterator[str]:
    """Yield the policies on shared tables; spelling that means the same is told in the same way."""
    for label in _SHARED:
        relation = catalog.by_label.get(label)
        if relation is None:
            continue
        if not relation.rls:
            yield f"everybody: no row-level security on {label}"
        found = {
            f"{', '.join(sorted(policy.roles))}: {'' if policy.permissive else 'restricted '}"
            f"{policy.command} on {label} where {normalise(policy.text)}"
            for policy in relation.policies
            if policy.name in untried
        }
        yield from sorted(found)


def _buckets(connection: Connection[Any]) -> dict[str, Mapping[str, Any]]:
    """Return the settings of each bucket that anything but the Storage API's defaults decides."""
    there = connection.execute("select to_regclass('storage.buckets') is not null").fetchone()
    if there is None or not there[0]:
        return {}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("select to_jsonb(b) as bucket from storage.buckets as b order by id")
        found: dict[str, Mapping[str, Any]] = {}
        for row in rows.fetchall():
            bucket = row["bucket"]
            settings: dict[str, Any] = {"public": bool(bucket.get("public"))}
            if bucket.get("file_size_limit") is not None:
                settings["file_size_limit"] = int(bucket["file_size_limit"])
            if bucket.get("allowed_mime_types"):
                settings["allowed_mime_types"] = sorted(bucket["allowed_mime_types"])
            found[str(bucket["id"])] = settings
        return found
