"""Numbers of the owner's rows that are not their defaults, so that totals over them show him."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from prospectr_db.access.policies.expressions import near
from prospectr_db.access.rows.building import Builder
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.writing.statements import equals, update
from prospectr_db.database.catalog import Catalog, Column, Relation

__all__ = ["add_amounts"]

_CONSTANT = re.compile(r"^\(?'?\(?(-?\d+(?:\.\d+)?)\)?'?(::[\w ]+)?\)?$")


# For what must be a share, or a mark from one to five.
_SMALL = ("2", "1", "0.5", "-1")


def add_amounts(builder: Builder, relations: Sequence[Relation]) -> None:
    """Give the numbers of the owner's rows values of their own, as far as constraints take them.

    Triggers stay still: it is as if the rows had come to these numbers in time. Numbers that
    something compares are left alone, for there a value decides.
    """
    texts = list(_texts(builder.catalog))
    for relation in relations:
        row = builder.world.row(relation, OWNER)
        if row is None or row.forced or not relation.primary_key:
            continue
        columns = [c for c in relation.columns if _is_free(builder, relation, c, texts)]
        for number, column in enumerate(columns, start=3):
            where = equals(relation, {name: row.values[name] for name in relation.primary_key})
            for value in dict.fromkeys((str(number), *_SMALL)):
                values: dict[str, str | None] = {column.name: value}
                if builder.quietly(update(relation, values, where)):
                    row = replace(row, values={**row.values, **values})
                    break
        builder.world.rows[relation.oid, OWNER] = row


def _texts(catalog: Catalog) -> Iterator[str]:
    yield from (policy.text for relation in catalog.relations for policy in relation.policies)
    yield from (function.source for function in catalog.functions)
    yield from (r.definition for r in catalog.own_relations if r.definition)


def _is_free(builder: Builder, relation: Relation, column: Column, texts: Sequence[str]) -> bool:
    """Whether a number is a plain amount with a default, on which nothing depends."""
    if column.category != "N" or not column.is_writable or column.identity:
        return False
    name = column.name
    linked = {n for fk in relation.foreign_keys for n in fk.columns}
    unique = {n for u in relation.uniques for n in u.columns}
    owner = builder.ownership[relation.oid]
    told = {*linked, *unique, *relation.primary_key, *owner.states, *owner.claims, *owner.soft}
    given = builder.supplied.get(relation.label, {})
    if name in told or name in given or not _CONSTANT.match(column.default or ""):
        return False
    plain = re.escape(name)
    compared = re.compile(rf"\b{plain}\b\"?\)?\s*[<>]|[<>]=?\s*\(?(?:\w+\.)?{plain}\b")
    return not any(name in text and (compared.search(text) or near(name, text)) for text in texts)
