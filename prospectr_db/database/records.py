"""What a database consists of, as values: relations, columns, constraints, policies, functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

__all__ = [
    "PRIVILEGES",
    "Column",
    "Constraint",
    "Function",
    "Policy",
    "Published",
    "Relation",
    "Trigger",
    "quote_identifier",
]

PRIVILEGES = {"select": "r", "insert": "a", "update": "w", "delete": "d"}
"""The letter of what a command needs, as ACLs have it."""


def quote_identifier(name: str) -> str:
    """Return an SQL identifier, always quoted."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``privileges`` maps a role to what it holds: r, a, w (select, insert, update).

    ``parts`` are the categories (pg_type.typcategory) of what a composite type or a range is of,
    ``holding`` the keys under which JSON holds a user's id, where somebody found that out.
    """

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
    parts: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()

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
    """A row-level-security policy, deparsed; ``reads`` holds (relation oid, column) pairs.

    ``said`` are both expressions in a plainer spelling, where somebody has one.
    """

    oid: int
    name: str
    command: str
    permissive: bool
    roles: tuple[str, ...]
    using: str | None
    check: str | None
    reads: frozenset[tuple[int, str]]
    functions: frozenset[int]
    said: str | None = None

    @property
    def text(self) -> str:
        """Both expressions as one text."""
        if self.said is not None:
            return self.said
        return " ".join(part for part in (self.using, self.check) if part)

    def binds(self, role: str) -> bool:
        """Whether the policy applies to a role by name."""
        return role in self.roles or "public" in self.roles


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication sends of a table; None for every column, or for every row."""

    name: str
    columns: tuple[str, ...] | None
    filter: str | None


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
    publications: tuple[Published, ...]
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

    @cached_property
    def is_filled(self) -> bool:
        """Whether a trigger sees a new row before it is stored, and may change what is in it."""
        return any(
            trigger.enabled in "OA"
            and "FOR EACH ROW" in trigger.definition
            and re.search(r" BEFORE (?:\w+ OR )*INSERT\b", trigger.definition) is not None
            for trigger in self.triggers
        )

    def holds(self, role: str, privilege: str) -> bool:
        """Whether a role holds a table privilege (one letter as in an ACL)."""
        return privilege in self.privileges.get(role, "")

    def updatable(self, role: str) -> list[Column]:
        """Return the columns that a role may update."""
        return [c for c in self.columns if c.is_writable and "w" in c.privileges.get(role, "")]

    def holds_any(self, role: str, privilege: str) -> bool:
        """Whether a role holds a privilege on the table or any column of it."""
        return self.holds(role, privilege) or any(
            privilege in column.privileges.get(role, "") for column in self.columns
        )
