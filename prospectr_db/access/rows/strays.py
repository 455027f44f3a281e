"""Rows that triggers made beside the world's own: whose they are, and that no call made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from prospectr_db.access.writing.statements import equals
from prospectr_db.database.catalog import Relation

if TYPE_CHECKING:
    from prospectr_db.access.rows.building import Builder

__all__ = ["note_strays", "noting"]


def note_strays(builder: Builder) -> None:
    """Note the rows that came to be while the world was built and that it does not know.

    They are a user's where they hold his id, or where they came with his sign-up.
    """
    users = builder.catalog.users
    if users is None or not any(relation.triggers for relation in builder.catalog.relations):
        return
    tables = [
        relation
        for relation in builder.catalog.own_relations
        if relation.is_table and not relation.is_partition and relation is not users
    ]
    if not tables:
        return
    builder.connection.execute("; ".join(_noting(relation, users) for relation in tables))
    keys = {actor.id: key for key, actor in builder.world.actors.items()}
    found = builder.connection.execute(
        "select relation, actor, count(*) from prospectr_access.strays group by relation, actor"
    )
    for oid, actor, number in found.fetchall():
        if actor in keys:
            builder.world.strays[oid, keys[actor]] = number


def noting(relation: Relation, values: Mapping[str, str | None]) -> str:
    """Return what notes one row that is put there before statements, and is nobody's."""
    keys = {name: values[name] for name in relation.primary_key or values}
    return " ".join(
        (
            "insert into prospectr_access.strays (relation, partition, place) select",
            str(relation.oid),
            ", tableoid, ctid from",
            relation.sql_name,
            "where",
            equals(relation, keys),
        )
    )


def _noting(relation: Relation, users: Relation) -> str:
    """Return what notes a table's strays: no transaction before this one has made them."""
    oid = str(relation.oid)
    return " ".join(
        (
            "insert into prospectr_access.strays (relation, partition, place, actor) select",
            oid,
            ", t.tableoid, t.ctid, u.id::text from",
            relation.sql_name,
            "as t left join",
            users.sql_name,
            "as u on u.xmin = t.xmin or to_jsonb(t)::text like '%' || u.id::text || '%'",
            "where age(t.xmin) <= 0 and not exists (",
            "select 1 from prospectr_access.rows as r where r.relation =",
            oid,
            "and (r.partition, r.place) = (t.tableoid, t.ctid))",
        )
    )
