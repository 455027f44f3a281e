"""Columns that say whose a row is, because others of that name are compared with a claim."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from prospectr_db.database.catalog import Catalog

__all__ = ["called_alike"]


def called_alike(
    catalog: Catalog,
    compared: Collection[tuple[int, str]],
    claims: Mapping[tuple[int, str], tuple[str, ...]],
) -> dict[tuple[int, str], tuple[str, ...]]:
    """Return the columns that refer to what a claim says elsewhere, under the same name and type.

    A log has a ``tenant_id`` and no foreign key, and its policies may have forgotten it.
    """
    known: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for (oid, name), path in claims.items():
        known.setdefault((name, catalog.by_oid[oid].by_name[name].base_name), set()).add(path)
    return {
        (relation.oid, column.name): next(iter(paths))
        for relation in catalog.own_relations
        if relation.is_table
        for column in relation.columns
        if column.name.endswith("_id")
        and len(paths := known.get((column.name, column.base_name), set())) == 1
        and (relation.oid, column.name) not in {*compared, *claims}
        and not any(column.name in fk.columns for fk in relation.foreign_keys)
        and column.name not in relation.primary_key
    }
