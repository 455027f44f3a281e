"""Columns that hold lists of values, such as roles: which lists are worth telling apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prospectr_db.access.policies.decisions import Text
from prospectr_db.access.policies.expressions import literals, normalise
from prospectr_db.database.catalog import Catalog, Column, Relation

if TYPE_CHECKING:
    from prospectr_db.access.ownership.ownership import Ownership

__all__ = ["listed_in_rows"]

_MOST = 5
"""Lists of one value each, per column."""
_PLAIN = re.compile(r"[\w.-]+")
_TEXTS = frozenset({"text", "character varying", "citext"})


def listed_in_rows(
    catalog: Catalog,
    ownership: Mapping[int, Ownership],
    asked: Mapping[int, Iterable[tuple[int, str]]],
    texts: Sequence[Text],
) -> Iterator[tuple[int, str, tuple[str | None, ...]]]:
    """Yield the columns of lists that their tables' policies read: relation, name, lists to try.

    The empty list and lists of one value: those that policies and checks name beside the column,
    and what users are by the columns that the same policies ask for (`my_role() = any (roles)`).
    """
    for relation in catalog.own_relations:
        read = frozenset(asked[relation.oid]) if relation.is_table else frozenset()
        owner = ownership[relation.oid]
        for column in relation.columns if read else ():
            if (relation.oid, column.name) not in read or not _holds_values(column):
                continue
            if column.name in owner.users or column.name in owner.claims:
                continue
            standing = (
                value
                for oid, name in sorted(read)
                if name in ownership[oid].weakest
                for value in ownership[oid].states.get(name, ())
            )
            values = dict.fromkeys((*_named(relation, column, texts), *standing))
            plain = [value for value in values if value and _PLAIN.fullmatch(value)]
            if plain:
                lists = ["{}", *(f"{{{value}}}" for value in plain[:_MOST])]
                empty = () if column.not_null else (None,)
                yield relation.oid, column.name, (*empty, *lists)


def _holds_values(column: Column) -> bool:
    """Whether a column is an array of texts, or of a type of the project's own."""
    element = column.element_type or ""
    return column.category == "A" and (element in _TEXTS or "." in element)


def _named(relation: Relation, column: Column, texts: Sequence[Text]) -> Iterator[str]:
    for check in relation.checks:
        if check.columns == (column.name,):
            yield from literals(check.definition)
    name = rf"(?:\w+\.)*{re.escape(column.name)}\b"
    before = re.compile(rf"('[^']*')\s*=\s*(?i:ANY|SOME)\s+{name}")
    after = re.compile(rf"{name}\s*(?:@>|&&|<@)\s*(?:ARRAY)?(\[[^\]]*\]|'[^']*')")
    for text, pairs in texts:
        if (relation.oid, column.name) in pairs:
            said = normalise(text)
            for found in (*before.findall(said), *after.findall(said)):
                yield from literals(found)
