"""A page about a database: what its tables, columns and policies say of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Page", "compare_page", "database_page"]

_ORIGIN = (
    "Written by `prospectr-db docs` from the comments in the database. Do not edit it: edit the "
    "comments, in a migration."
)


@dataclass(frozen=True, slots=True)
class Page:
    """A generated file; ``is_current`` is whether it already says what it should."""

    path: str
    tables: int
    is_current: bool
    undocumented: tuple[str, ...]


def database_page(
    connection: Connection[Any], *, title: str, schemas: Sequence[str] = ("public",)
) -> tuple[str, int, tuple[str, ...]]:
    """Return the page as Markdown, how many relations it has, and what has no comment yet."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(sql_text("catalog/documentation.sql"), {"schemas": list(schemas)})
        relations = cursor.fetchall()
    parts = [
        f"# {title}",
        _ORIGIN,
        "\n".join(
            f"- [{relation['name']}](#{_anchor(relation['name'])}): {_first(relation['comment'])}"
            for relation in relations
        ),
    ]
    parts += [_relation(relation) for relation in relations]
    return "\n\n".join(parts) + "\n", len(relations), tuple(_undocumented(relations))


def compare_page(path: Path, text: str, tables: int, undocumented: tuple[str, ...]) -> Page:
    """Say whether a file holds this text."""
    held = path.read_text(encoding="utf-8") if path.exists() else None
    return Page(str(path), tables, held == text, undocumented)


def _relation(relation: Mapping[str, Any]) -> str:
    guard = "row-level security on" if relation["rls"] else "**row-level security off**"
    parts = [
        f"## {relation['name']}",
        relation["comment"] or "*No comment.*",
        relation["kind"] if relation["kind"] != "table" else f"{relation['kind']}, {guard}",
        _table(
            ("column", "type", "null", "default", ""),
            [
                (
                    f"`{column['name']}`",
                    column["type"],
                    "yes" if column["nullable"] else "no",
                    f"`{column['default']}`" if column["default"] else "",
                    column["comment"] or "",
                )
                for column in relation["columns"]
            ],
        ),
    ]
    if relation["constraints"]:
        parts.append(
            "\n".join(
                f"- `{item['name']}`: `{item['definition']}`" for item in relation["constraints"]
            )
        )
    parts += [_policy(policy) for policy in relation["policies"]]
    return "\n\n".join(parts)


def _policy(policy: Mapping[str, Any]) -> str:
    kind = "" if policy["permissive"] else "restrictive, "
    lines = [
        f"**{policy['name']}** ({kind}{policy['command']}, to {', '.join(policy['roles'])}): "
        + (policy["comment"] or "*no comment*")
    ]
    for clause in ("using", "check"):
        if policy[clause]:
            label = "using" if clause == "using" else "with check"
            lines.append(f"- {label} `{' '.join(policy[clause].split())}`")
    return "\n".join([lines[0], "", *lines[1:]])


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
        for line in lines
    )


def _undocumented(relations: Sequence[Mapping[str, Any]]) -> list[str]:
    missing = []
    for relation in relations:
        if not relation["comment"]:
            missing.append(f"{relation['kind']} {relation['name']}")
        missing += [
            f"column {relation['name']}.{column['name']}"
            for column in relation["columns"]
            if not column["comment"]
        ]
        missing += [
            f"policy {policy['name']!r} on {relation['name']}"
            for policy in relation["policies"]
            if not policy["comment"]
        ]
    return missing


def _anchor(name: str) -> str:
    return name.lower().replace(".", "").replace('"', "").replace(" ", "-")


def _first(comment: str | None) -> str:
    return (comment or "no comment").split("\n", 1)[0]
