"""How probe statements are spelt: text that a person can paste, made of quoted pieces only.

Thousands of statements are composed per second, so plain text is joined instead of psycopg.sql
objects; every identifier and value passes through the two quoting functions here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prospectr_db.access.writing.times import from_now
from prospectr_db.database.catalog import Relation, quote_identifier

__all__ = [
    "as_row",
    "delete",
    "equals",
    "insert",
    "insert_known",
    "insert_returning",
    "literal",
    "past_triggers",
    "select_row",
    "select_rows",
    "typed",
    "update",
]


def literal(value: str | None) -> str:
    """Return an SQL literal (standard_conforming_strings, the default since PostgreSQL 9.1)."""
    if value is None:
        return "null"
    if "\x00" in value:
        raise ValueError("a text value cannot hold a zero byte")
    return "'" + value.replace("'", "''") + "'"


def typed(relation: Relation, column: str, value: str | None) -> str:
    """Return a value as a column's own type."""
    known = relation.by_name[column]
    moving = from_now(value) if value is not None and known.category == "D" else None
    return "::".join((moving or literal(value), known.type))


def as_row(relation: Relation, values: Mapping[str, str | None]) -> str:
    """Return what stands in FROM for a table that has this row and no other.

    Under the table's own name and of its own type, so that a function may be handed all of it.
    """
    columns = ", ".join(
        " as ".join((typed(relation, c.name, values.get(c.name)), quote_identifier(c.name)))
        for c in relation.columns
    )
    image = "".join(("(select to_jsonb(q) from (select ", columns, ") as q)"))
    empty = "::".join(("null", relation.sql_name))
    name = quote_identifier(relation.name)
    return "".join(("jsonb_populate_record(", empty, ", ", image, ") as ", name))


def equals(relation: Relation, values: Mapping[str, str | None]) -> str:
    """Return the condition that picks a row by some of its columns."""
    return " and ".join(
        " ".join((quote_identifier(name), "is null"))
        if value is None
        else " ".join((quote_identifier(name), "=", typed(relation, name, value)))
        if relation.by_name[name].base_name not in _NO_EQUALITY
        else "".join((quote_identifier(name), "::text = ", literal(value)))
        for name, value in values.items()
    )


_NO_EQUALITY = frozenset(
    {"json", "xml", "point", "box", "circle", "polygon", "path", "line", "lseg"}
)


def insert(relation: Relation, values: Mapping[str, str | None], tail: str = "") -> str:
    """Return an INSERT of one row."""
    if not values:
        return " ".join(("insert into", relation.sql_name, "default values", tail)).rstrip()
    columns = ", ".join(quote_identifier(name) for name in values)
    given = ", ".join(typed(relation, name, value) for name, value in values.items())
    return " ".join(
        ("insert into", relation.sql_name, f"({columns})", f"values ({given})", tail)
    ).rstrip()


def insert_known(relation: Relation, values: Mapping[str, str | None]) -> str:
    """Return an INSERT of a whole row as it was once, with its identity."""
    kept = {name: v for name, v in values.items() if not relation.by_name[name].generated}
    names = ", ".join(quote_identifier(name) for name in kept)
    given = ", ".join(typed(relation, name, value) for name, value in kept.items())
    head = " ".join(("insert into", relation.sql_name, f"({names})"))
    return " ".join((head, "overriding system value values", f"({given})"))


def insert_returning(relation: Relation, values: Mapping[str, str | None]) -> str:
    """Return an INSERT that answers with every column as text."""
    return insert(relation, values, " ".join(("returning", _texts(relation))))


def select_row(relation: Relation, where: Mapping[str, str | None]) -> str:
    """Return a SELECT of every column of one row as text."""
    condition = equals(relation, where)
    return " ".join(
        ("select", _texts(relation), "from", relation.sql_name, "where", condition, "limit 1")
    )


def select_rows(relation: Relation, where: Mapping[str, str | None], *, most: int) -> str:
    """Return a SELECT of every column of some rows as text, always the same ones."""
    condition = ["where", equals(relation, where)] if where else []
    place = [quote_identifier(name) for name in relation.primary_key] or ["t::text"]
    head = ["select", _texts(relation), "from", relation.sql_name, "as t"]
    return " ".join((*head, *condition, "order by", ", ".join(place), "limit", str(most)))


def _texts(relation: Relation) -> str:
    return ", ".join("".join((quote_identifier(c.name), "::text")) for c in relation.columns)


def update(
    relation: Relation, values: Mapping[str, str | None], where: str = "", tail: str = ""
) -> str:
    """Return an UPDATE; without a condition where ``where`` is empty."""
    assignments = ", ".join(
        " = ".join((quote_identifier(name), typed(relation, name, value)))
        for name, value in values.items()
    )
    parts = ["update", relation.sql_name, "set", assignments]
    return " ".join([*parts, *(["where", where] if where else []), tail]).rstrip()


def delete(relation: Relation, where: str = "", tail: str = "") -> str:
    """Return a DELETE; without a condition where ``where`` is empty."""
    parts: Sequence[str] = ("delete from", relation.sql_name)
    return " ".join([*parts, *(["where", where] if where else []), tail]).rstrip()


def past_triggers(statement: str) -> str:
    """Return what runs a statement past triggers and foreign keys."""
    role = "set local session_replication_role ="
    return f"{role} replica; {statement}; {role} origin"


def remember(
    relation: Relation, label: str, values: Mapping[str, str | None], names: Sequence[str]
) -> str:
    """Return the statement that notes a row's place and content, so that a change to it is seen."""
    key = ", ".join(f"{literal(values[name])}::text" for name in names)
    where = equals(relation, {name: values[name] for name in names})
    return " ".join(
        (
            "insert into prospectr_access.rows select",
            ", ".join(
                (
                    literal(label),
                    str(relation.oid),
                    "t.tableoid, t.ctid",
                    "".join(("array[", key, "]::text[]")),
                    "to_jsonb(t)",
                )
            ),
            "from",
            relation.sql_name,
            "as t where",
            where,
            "limit 1 on conflict do nothing",
        )
    )
