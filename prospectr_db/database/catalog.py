"""What the access room knows of a database: relations, keys, policies, functions, grants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = [
    "API_ROLES",
    "PLATFORM_SCHEMAS",
    "Catalog",
    "Column",
    "Constraint",
    "Function",
    "Policy",
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


def quote_identifier(name: str) -> str:
    """Return an SQL identifier, always quoted."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``privileges`` maps a role to what it holds: r, a, w (select, insert, update)."""

    name: str
    number: int
    type: str
    base_type: str
    base_name: str
    category: str
    type_kind: str
    element_type: str | None
    not_null: bool
    default: str | None
    generated: str
    identity: str
    labels: tuple[str, ...]
    domain_checks: tuple[str, ...]
    privileges: Mapping[str, str]

    @property
    def is_writable(self) -> bool:
        """Whether a value can be given at all."""
        return not self.generated and self.identity != "a"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint or unique index; kind is p, u, f, c, x, or i (unique index)."""

    name: str
    kind: str
    columns: tuple[str, ...]
    target: int | None
    target_columns: tuple[str, ...]
    deferrable: bool
    on_delete: str
    definition: str


@dataclass(frozen=True, slots=True)
class Policy:
    """A row-level-security policy, deparsed; ``reads`` holds (relation oid, column) pairs."""

    oid: int
    name: str
    command: str
    permissive: bool
    roles: tuple[str, ...]
    using: str | None
    check: str | None
    reads: frozenset[tuple[int, str]]
    functions: frozenset[int]

    @property
    def text(self) -> str:
        """Both expressions as one text."""
        return " ".join(part for part in (self.using, self.check) if part)

    def binds(self, role: str) -> bool:
        """Whether the policy applies to a role by name."""
        return role in self.roles or "public" in self.roles


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of a user."""

    name: str
    function: int
    enabled: str
    definition: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function or procedure outside the platform."""

    oid: int
    schema: str
    name: str
    signature: str
    kind: str
    argument_names: tuple[str, ...]
    argument_types: tuple[str, ...]
    argument_modes: tuple[str, ...]
    defaults: int
    variadic: bool
    returns: str | None
    returns_set: bool
    return_type: str
    definer: bool
    volatility: str
    language: str
    owner: str
    settings: tuple[str, ...]
    source: str
    callable_by: tuple[str, ...]

    @property
    def label(self) -> str:
        """``schema.name(argument types)``, as the contract names it."""
        return f"{self.schema}.{self.name}({', '.join(self.argument_types)})"

    @property
    def sql_name(self) -> str:
        """The quoted, qualified name."""
        return f"{quote_identifier(self.schema)}.{quote_identifier(self.name)}"

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the input arguments in order; empty text where there is none."""
        if not self.argument_modes:
            names = self.argument_names
        else:
            names = tuple(
                name
                for name, mode in zip(self.argument_names, self.argument_modes, strict=False)
                if mode in "ibv"
            )
        padding = ("",) * (len(self.argument_types) - len(names))
        return (names + padding)[: len(self.argument_types)]


@dataclass(frozen=True)
class Relation:
    """A table, partition, view or materialized view."""

    oid: int
    schema: str
    name: str
    kind: str
    rls: bool
    force_rls: bool
    owner: str
    is_partition: bool
    partition_key: str | None
    partition_bound: str | None
    options: tuple[str, ...]
    definition: str | None
    view_events: int
    parents: tuple[int, ...]
    publications: tuple[str, ...]
    privileges: Mapping[str, str]
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...]
    policies: tuple[Policy, ...]
    triggers: tuple[Trigger, ...]
    sources: tuple[int, ...]

    @property
    def label(self) -> str:
        """The name people use: without the schema where it is public."""
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"

    @property
    def sql_name(self) -> str:
        """The quoted, qualified name."""
        return f"{quote_identifier(self.schema)}.{quote_identifier(self.name)}"

    @property
    def is_table(self) -> bool:
        """Whether rows are stored in it (or its partitions) and INSERT works."""
        return self.kind in "rp"

    @property
    def security_invoker(self) -> bool:
        """Whether a view asks with the rights of its reader."""
        on = {"security_invoker=true", "security_invoker=on", "security_invoker=1"}
        return any(option.lower() in on for option in self.options)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Columns by name."""
        return {column.name: column for column in self.columns}

    @cached_property
    def primary_key(self) -> tuple[str, ...]:
        """Columns of the primary key, or of a unique constraint over NOT NULL columns."""
        for kind in ("p", "u"):
            for constraint in self.constraints:
                if constraint.kind == kind and (
                    kind == "p" or all(self.by_name[name].not_null for name in constraint.columns)
                ):
                    return constraint.columns
        return ()

    @cached_property
    def foreign_keys(self) -> tuple[Constraint, ...]:
        """Foreign keys."""
        return tuple(found for found in self.constraints if found.kind == "f")

    @cached_property
    def uniques(self) -> tuple[Constraint, ...]:
        """Whatever makes rows unique: keys, unique constraints, unique indexes, exclusions."""
        return tuple(found for found in self.constraints if found.kind in "puix")

    @cached_property
    def checks(self) -> tuple[Constraint, ...]:
        """Check constraints."""
        return tuple(found for found in self.constraints if found.kind == "c")

    def holds(self, role: str, privilege: str) -> bool:
        """Whether a role holds a table privilege (one letter as in an ACL)."""
        return privilege in self.privileges.get(role, "")

    def holds_any(self, role: str, privilege: str) -> bool:
        """Whether a role holds a privilege on the table or any column of it."""
        return self.holds(role, privilege) or any(
            privilege in column.privileges.get(role, "") for column in self.columns
        )


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
    def children(self) -> dict[int, tuple[Relation, ...]]:
        """Partitions and inheritance children by the oid of what they are below."""
        found: dict[int, tuple[Relation, ...]] = {}
        for relation in self.relations:
            for parent in relation.parents:
                found[parent] = (*found.get(parent, ()), relation)
        return found

    @cached_property
    def users(self) -> Relation | None:
        """auth.users, where there is one."""
        return self.by_label.get("auth.users")

    @cached_property
    def own_relations(self) -> tuple[Relation, ...]:
        """Relations of the project: everything outside the platform's schemas."""
        return tuple(r for r in self.relations if r.schema not in PLATFORM_SCHEMAS)

    def reachable(self, relation: Relation) -> bool:
        """Whether anon or authenticated may look into the schema the relation is in."""
        return any(role in self.schemas.get(relation.schema, ()) for role in API_ROLES[:2])


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

        relations = ask("relations")
        parameters["relations"] = [row["oid"] for row in relations]
        parts = {name: _grouped(ask(name)) for name in _PARTS}
        sources = _grouped(ask("view_sources"))
        schemas, memberships = ask("schemas"), ask("memberships")
        return Catalog(
            relations=tuple(_relation(row, parts, sources) for row in relations),
            functions=tuple(_function(row) for row in ask("functions")),
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
        "roles": list(roles),
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
            parts = {name: _grouped(ask(name)) for name in _PARTS}
            sources = _grouped(ask("view_sources"))
            fresh = {row["oid"]: _relation(row, parts, sources) for row in rows}
        functions = catalog.functions
        if not oids:
            functions = tuple(_function(row) for row in ask("functions"))
    relations = tuple(fresh.get(relation.oid, relation) for relation in catalog.relations)
    return replace(catalog, relations=relations, functions=functions)


_PARTS = ("columns", "constraints", "policies", "triggers")


def _grouped(rows: Iterable[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    grouped: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(row.pop("relation"), []).append(row)
    return grouped


def _relation(
    row: dict[str, Any],
    parts: Mapping[str, Mapping[int, list[dict[str, Any]]]],
    sources: Mapping[int, list[dict[str, Any]]],
) -> Relation:
    oid = row["oid"]
    lists = ("options", "parents", "publications")
    plain: dict[str, Any] = {
        key: tuple(value) if key in lists else value for key, value in row.items()
    }
    return Relation(
        **plain,
        columns=tuple(_column(part) for part in parts["columns"].get(oid, ())),
        constraints=tuple(_constraint(part) for part in parts["constraints"].get(oid, ())),
        policies=tuple(_policy(part) for part in parts["policies"].get(oid, ())),
        triggers=tuple(Trigger(**part) for part in parts["triggers"].get(oid, ())),
        sources=tuple(part["source"] for part in sources.get(oid, ())),
    )


def _column(row: dict[str, Any]) -> Column:
    return Column(
        default=row.pop("default_expression"),
        labels=tuple(row.pop("labels")),
        domain_checks=tuple(row.pop("domain_checks")),
        **row,
    )


def _constraint(row: dict[str, Any]) -> Constraint:
    return Constraint(
        columns=tuple(row.pop("columns")), target_columns=tuple(row.pop("target_columns")), **row
    )


def _policy(row: dict[str, Any]) -> Policy:
    return Policy(
        oid=row["oid"],
        name=row["name"],
        command=row["command"],
        permissive=row["permissive"],
        roles=tuple(row["roles"]),
        using=row["using_expression"],
        check=row["check_expression"],
        reads=frozenset((oid, column) for oid, column in row["reads"]),
        functions=frozenset(row["functions"]),
    )


def _function(row: dict[str, Any]) -> Function:
    body = row.pop("sql_body")
    row["source"] = body or row["source"]
    lists = ("argument_names", "argument_types", "argument_modes", "settings", "callable_by")
    made: dict[str, Any] = {key: tuple(v) if key in lists else v for key, v in row.items()}
    return Function(**made)
