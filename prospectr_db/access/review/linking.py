"""When a link to somebody else's row does nothing: a draft among the favourites of a reader."""

from __future__ import annotations

from prospectr_db.access.matrix.matrix import TableAccess
from prospectr_db.access.personas.personas import SERVICE_ROLE

__all__ = ["is_unheard"]


def is_unheard(table: TableAccess, parent: TableAccess | None, reader: str) -> bool:
    """Whether rows below somebody else's are there for their own user only.

    What they hang under is read by others in some state, so that they are meant to name it, and
    nothing shows them to anybody else or follows from them.
    """
    return (
        table.silent
        and not table.membership
        and parent is not None
        and any(
            access.succeeds
            and (access.persona, access.command) == (reader, "select")
            and access.rows.partition(" [")[0] == "other"
            for access in parent.accesses
        )
        and not any(
            access.succeeds
            and access.command == "select"
            and access.persona != SERVICE_ROLE
            and not access.rows.startswith(("own", "as "))
            for access in table.accesses
        )
    )
