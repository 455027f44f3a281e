"""What the access room knows of a database: relations, keys, policies, functions, grants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from prospectr_db.database.catalog_rows import function_of, grouped, relation_of
from prospectr_db.database.records import (
    PRIVILEGES,
    Column,
    Constraint,
    Function,
    Policy,
    Published,
    Relation,
    Trigger,
    quote_identifier,
)
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = [
    "API_ROLES",
    "PLATFORM_SCHEMAS",
    "PRIVILEGES",
    "Catalog",
    "Column",
    "Constraint",
    "Function",
    "Policy",
    "Published",
    "Relation",
    "Trigger",
    "quote_identifier",
    "read_catalog",
    "reread",
]

API_ROLES = ("anon", "authenticated", "service_role")

# Schemas that Supabase owns (Supabase's documentation, "Database schemas"); a project's own
# objects are never in them, except policies and triggers on the SHARED tables below.
PLATFORM_SCHEMAS = (
    "_analytics",
    "_realtime",
    "_supavisor",
    "auth",
    "cron",
    "extensions",
    "graphql",
    "graphql_public",
    "information_schema",
    "net",
    "pgbouncer",
    "pgmq",
    "pgsodium",
    "pgsodium_masks",
    "pgtle",
    "prospectr_access",
    "realtime",
    "storage",
    "supabase_functions",
    "supabase_migrations",
    "tiger",
    "tiger_data",
    "topology",
    "vault",
)
SHARED = ("auth.users", "storage.buckets", "storage.objects", "realtime.messages")


@dataclass(frozen=True)
class Catalog:
    """Everything read, in one consistent picture."""

    relations: tuple[Relation, ...]
    functions: tuple[Function, ...]
    schemas: Mapping[str, tuple[str, ...]]
    creatable: Mapping[str, tuple[str, ...]]
    sequences: Mapping[str, Mapping[str, str]]
    memberships: Mapping[str, tuple[str, ...]]
    above_rls: frozenset[str]
    default_privileges: Mapping[tuple[str | None, str, str], str]
    exposed: tuple[str, ...]
    roles: frozenset[str]
    attributes: Mapping[str, tuple[str, ...]]
    assumable: tuple[str, ...] = ()
    """Roles of the project's own that a token can name."""

    @property
    def user_roles(self) -> tuple[str, ...]:
        """The roles of visitors and users: the API's two, and those of the project's own."""
        return (*API_ROLES[:2], *self.assumable)

    def binds(self, policy: Policy, role: str) -> bool:
        """Whether a policy applies to a role, by name or because the role is a member of one."""
        return policy.binds(role) or any(policy.binds(r) for r in self.memberships.get(role, ()))

    @cached_property
    def by_oid(self) -> dict[int, Relation]:
        """Relations by oid."""
        return {relation.oid: relation for relation in self.relations}

    @cached_property
    def by_label(self) -> dict[str, Relation]:
        """Relations by label."""
        return {relation.label: relation for relation in self.relations}

    @cached_property
    def function_by_oid(self) -> dict[int, Function]:
        """Functions by oid."""
        return {function.oid: function for function in self.functions}

    @cached_property
    def functions_by_name(self) -> dict[str, tuple[Function, ...]]:
        """Functions by name: those that are called alike together."""
        found: dict[str, list[Function]] = {}
        for function in self.functions:
            found.setdefault(function.name, []).append(function)
        return {name: tuple(functions) for name, functions in found.items()}

    @cached_property
    def children(self) -> dict[int, tuple[Relation, ...]]:
        """Partitions and inheritance children by the oid of what they are below."""
        found: dict[int, tuple[Relation, ...]] = {}
        for relation in self.relations:
            for parent in relation.parents:
                found[parent] = (*found.get(parent, ()), relation)
        return found

    @cached_property
    def referring(self) -> dict[int, tuple[Relation, ...]]:
        """Relations with a foreign key, by the oid of what it points to."""
        found: dict[int, dict[int, Relation]] = {}
        for relation in self.relations:
            for fk in relation.foreign_keys:
                found.setdefault(fk.target or 0, {})[relation.oid] = relation
        return {target: tuple(held.values()) for target, held in found.items()}

    @cached_property
    def users(self) -> Relation | None:
        """auth.users, where there is one."""
        return self.by_label.get("auth.users")

    @cached_property
    def own_relations(self) -> tuple[Relation, ...]:
        """Relations of the project: everything outside the platform's schemas."""
        return tuple(r for r in self.relations if r.schema not in PLATFORM_SCHEMAS)

    def reachable(self, relation: Relation) -> bool:
        """Whether visitors or users may look into the schema the relation is in."""
        return any(role in self.schemas.get(relation.schema, ()) for role in self.user_roles)


def read_catalog(
    connection: Connection[Any],
    *,
    exposed: Sequence[str] = ("public",),
    roles: Iterable[str] = API_ROLES,
) -> Catalog:
    """Read the catalog in a handful of queries; nothing of a table's rows is read."""
    parameters: dict[str, Any] = {
        "only": None,
        "roles": list(roles),
        "platform": list(PLATFORM_SCHEMAS),
        "shared": list(SHARED),
    }
    with connection.cursor(row_factory=dict_row) as cursor:

        def ask(name: str) -> list[dict[str, Any]]:
            text = sql_text(f"catalog/access/{name}.sql")
            return cursor.execute(text, parameters).fetchall()

        assumable = tuple(row["role"] for row in ask("assumable"))
        parameters["roles"] = [*parameters["roles"], *assumable]
        relations = ask("relations")
        parameters["relations"] = [row["oid"] for row in relations]
        parts = {name: grouped(ask(name)) for name in _PARTS}
        sources = grouped(ask("view_sources"))
        schemas, memberships = ask("schemas"), ask("memberships")
        return Catalog(
            relations=tuple(relation_of(row, parts, sources) for row in relations),
            functions=tuple(function_of(row) for row in ask("functions")),
            schemas={row["name"]: tuple(row["usable_by"]) for row in schemas},
            creatable={row["name"]: tuple(row["creatable_by"]) for row in schemas},
            sequences={
                f"{row['schema']}.{row['name']}": row["privileges"] for row in ask("sequences")
            },
            memberships={row["role"]: tuple(row["member_of"]) for row in memberships},
            above_rls=frozenset(row["role"] for row in memberships if row["above_rls"]),
            default_privileges={
                (row["schema"], row["kind"], row["role"]): row["privileges"] or ""
                for row in ask("default_privileges")
            },
            exposed=tuple(exposed),
            roles=frozenset(row["role"] for row in memberships),
            attributes={row["role"]: tuple(row["attributes"]) for row in memberships},
            assumable=assumable,
        )


def reread(
    connection: Connection[Any],
    catalog: Catalog,
    oids: Sequence[int],
    *,
    roles: Iterable[str] = API_ROLES,
) -> Catalog:
    """Return the catalog with some relations read anew, or, without any, the functions."""
    parameters: dict[str, Any] = {
        "only": list(oids),
        "relations": list(oids),
        "roles": [*roles, *catalog.assumable],
        "platform": list(PLATFORM_SCHEMAS),
        "shared": list(SHARED),
    }
    with connection.cursor(row_factory=dict_row) as cursor:

        def ask(name: str) -> list[dict[str, Any]]:
            return cursor.execute(
                sql_text(f"catalog/access/{name}.sql"),
                parameters,
            ).fetchall()

        fresh = {}
        if oids:
            rows = ask("relations")
            parts = {name: grouped(ask(name)) for name in _PARTS}
            sources = grouped(ask("view_sources"))
            fresh = {row["oid"]: relation_of(row, parts, sources) for row in rows}
        functions = catalog.functions
        if not oids:
            functions = tuple(function_of(row) for row in ask("functions"))
    relations = tuple(fresh.get(relation.oid, relation) for relation in catalog.relations)
    return replace(catalog, relations=relations, functions=functions)


_PARTS = ("columns", "constraints", "policies", "triggers")
