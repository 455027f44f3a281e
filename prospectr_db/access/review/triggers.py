"""What a careful reviewer objects to in what triggers set: a closed column that a user fills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.matrix.matrix import BY, THROUGH, Access, TableAccess
from prospectr_db.access.review.phrases import phrase

__all__ = ["review_set"]


def review_set(table: TableAccess, access: Access) -> Iterator[Finding]:
    """Yield the columns that a user sets although they are closed to him.

    Much is derived on purpose: a slug, a total. But nobody is to say in an object what he may not
    write, or to raise his own standing.
    """
    for text in access.columns:
        link = THROUGH if THROUGH in text else BY
        name = text.partition(link)[0]
        grave = name in table.standing or (link == THROUGH and "." not in name)
        yield Finding(
            "leak" if grave else "surprise",
            "error" if grave else "note",
            table.relation,
            access.persona,
            access.rows,
            access.command,
            (text,),
            f"{phrase(table, replace(access, columns=(text,)))}.",
            access.statement,
            "trigger-set",
        )
