"""New rows where their user has as many already as a limit allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from prospectr_db.access.matrix.row_classes import ROWS_OF
from prospectr_db.access.rows.inhabitants import OWNER, World
from prospectr_db.access.rows.strays import noting
from prospectr_db.access.writing.statements import insert_known
from prospectr_db.access.writing.values import seeded_uuid
from prospectr_db.database.catalog import Catalog, Relation

__all__ = ["states_when_counted"]


def states_when_counted(
    catalog: Catalog, world: World, counted: Mapping[str, Iterable[str]]
) -> Iterator[tuple[str, str]]:
    """Yield each number of rows that the owner can be given, as a name and what makes them."""
    for name, numbers in counted.items():
        table = name.removeprefix(ROWS_OF)
        relation = next((r for r in catalog.own_relations if r.name == table), None)
        row = world.row(relation, OWNER) if relation else None
        for number in numbers if relation and row else ():
            made = _more(relation, row.values, int(number) - 1) if relation and row else None
            if made:
                yield f"{name}={number}", "; ".join(made)


def _more(
    relation: Relation, values: Mapping[str, str | None], number: int
) -> Sequence[str] | None:
    """Return what adds rows like one that is there, and notes that no statement made them.

    None where a key allows no other.
    """
    linked = {name for fk in relation.foreign_keys for name in fk.columns}
    free: set[str] = set()
    for unique in relation.uniques:
        told = [name for name in unique.columns if values.get(name) is not None]
        name = next((n for n in told if n not in linked and _other(relation, values, n, 1)), None)
        if name is None and len(told) == len(unique.columns):
            return None
        free |= {name} if name else set()
    found: list[str] = []
    for k in range(1, number + 1):
        more = {**values, **{n: _other(relation, values, n, k) for n in free}}
        found += [insert_known(relation, more), noting(relation, more)]
    return found


def _other(
    relation: Relation, values: Mapping[str, str | None], name: str, number: int
) -> str | None:
    """Return another value like one that is there."""
    column, value = relation.by_name[name], values[name] or ""
    if column.base_name == "uuid":
        return seeded_uuid("another", relation.label, value, number)
    if column.category == "N" and re.fullmatch(r"\d+", value) and column.base_name != "int2":
        return str(int(value) + 1_000_000 + number)
    return f"{value}-{number}" if column.category == "S" and not column.labels else None
