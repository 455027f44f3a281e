"""Keys that allow a user one row of each kind, such as one vote in each poll, and lose that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from prospectr_db.database.catalog import Relation

if TYPE_CHECKING:
    from prospectr_db.access.matrix.matrix import TableAccess
    from prospectr_db.access.ownership.ownership import Ownership

__all__ = ["keys_of", "once_per"]


def keys_of(relation: Relation, owner: Ownership) -> Mapping[str, bool]:
    """Return the columns of which rows must differ, and whether they are a user and what he joins.

    One row for each user alone is not such a key where his id is that of the row.
    """
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    found: dict[str, bool] = {}
    for unique in relation.uniques:
        if unique.kind == "x" or not unique.columns or " WHERE " in unique.definition:
            continue
        columns = set(unique.columns)
        joins = bool(columns & set(owner.users)) and columns <= linked | set(owner.users)
        is_his_id = unique.kind == "p" and len(columns) == 1
        found[", ".join(sorted(columns))] = joins and not is_his_id
    return found


def once_per(table: TableAccess) -> tuple[str, ...]:
    """Return such keys of a table into which users put rows."""
    adds = any(a.command == "insert" and a.persona != "service_role" for a in table.accesses)
    return tuple(sorted(key for key, joins in table.keys.items() if joins)) if adds else ()
