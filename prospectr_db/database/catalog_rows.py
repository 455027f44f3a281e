"""How the rows that sql/catalog/access/ answers with become records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from prospectr_db.database.records import (
    Column,
    Constraint,
    Function,
    Policy,
    Published,
    Relation,
    Trigger,
)

__all__ = ["function_of", "grouped", "relation_of"]


def grouped(rows: Iterable[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    """Return rows by the oid in their column ``relation``, which they lose."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.pop("relation"), []).append(row)
    return found


def relation_of(
    row: dict[str, Any],
    parts: Mapping[str, Mapping[int, list[dict[str, Any]]]],
    sources: Mapping[int, list[dict[str, Any]]],
) -> Relation:
    """Return a relation from its row and the rows of its parts, by kind and oid."""
    oid = row["oid"]
    lists = ("options", "parents")
    published = row.pop("publications")
    plain: dict[str, Any] = {
        key: tuple(value) if key in lists else value for key, value in row.items()
    }
    return Relation(
        **plain,
        publications=tuple(_published(part) for part in published),
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
        parts=tuple(row.pop("parts")),
        **row,
    )


def _constraint(row: dict[str, Any]) -> Constraint:
    return Constraint(
        columns=tuple(row.pop("columns")), target_columns=tuple(row.pop("target_columns")), **row
    )


def _published(row: dict[str, Any]) -> Published:
    columns = row["columns"]
    return Published(row["name"], None if columns is None else tuple(columns), row["filter"])


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


def function_of(row: dict[str, Any]) -> Function:
    """Return a function from its row."""
    body = row.pop("sql_body")
    row["source"] = body or row["source"]
    lists = ("argument_names", "argument_types", "argument_modes", "settings", "callable_by")
    made: dict[str, Any] = {key: tuple(v) if key in lists else v for key, v in row.items()}
    return Function(**made)
