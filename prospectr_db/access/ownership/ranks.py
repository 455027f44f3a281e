"""Columns that hold a standing before anybody has it: the role that an invitation will give."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.writing.values import listed_values
from prospectr_db.database.catalog import Catalog, Column, Relation

if TYPE_CHECKING:
    from prospectr_db.access.ownership.ownership import Ownership
    from prospectr_db.access.ownership.standing import Standing

__all__ = ["find_ranks"]

_MOST = 10


def find_ranks(
    catalog: Catalog,
    relation: Relation,
    owner: Ownership,
    standings: Sequence[Standing],
    read: Collection[tuple[int, str]],
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the columns whose values are those of a standing elsewhere, with all of these.

    What a function gives to whoever accepts is what was written there, and a check that lists the
    lesser values is all that keeps a member from inviting an admin. Not those that policies
    ``read``: their values are told apart already.
    """
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    settled = {*owner.users, *owner.claims, *linked, *relation.primary_key}
    settled |= {name for oid, name in read if oid == relation.oid}
    for column in relation.columns:
        if column.name in settled or not _is_written(catalog, column):
            continue
        listed = listed_values(relation, column)
        for standing in standings:
            ranks = [value for value in standing.values if value and _is_word(value)]
            alike = standing.column == column.name or set(listed) & set(ranks)
            if standing.relation != relation.oid and listed and ranks and alike:
                found = dict.fromkeys((*listed, *ranks))
                yield column.name, tuple(v for v in found if _fits(column, v))[:_MOST]
                break


def _is_written(catalog: Catalog, column: Column) -> bool:
    """Whether users write a text of their choosing into a column."""
    held = {letter for role in catalog.user_roles for letter in column.privileges.get(role, "")}
    return column.category == "S" and column.is_writable and bool(held & {"a", "w"})


def _is_word(value: str) -> bool:
    return value not in ("true", "false") and not re.fullmatch(r"-?\d+|\d{4}-\d\d-\d\d.*", value)


def _fits(column: Column, value: str) -> bool:
    limit = re.search(r"\((\d+)\)", column.type)
    return limit is None or len(value) <= int(limit[1])
