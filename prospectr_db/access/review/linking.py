"""When a link to somebody else's row tells nothing: others read that row, or nobody hears of it."""

from __future__ import annotations

from prospectr_db.access.matrix.facts import VIEWS
from prospectr_db.access.matrix.matrix import AccessMatrix, TableAccess
from prospectr_db.access.matrix.row_classes import states_of
from prospectr_db.access.personas.personas import SERVICE_ROLE

__all__ = ["OUTSIDERS", "is_read", "is_shown", "is_unheard"]

OUTSIDERS = ("anon", "stranger", "newcomer")
"""Whoever has nothing to do with a row's owner."""


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


def is_read(parent: TableAccess, reader: str, state: str) -> bool:
    """Whether somebody reads others' rows of a parent, always or in the states they are in."""
    prefix = f"{parent.relation.rpartition('.')[2]}."
    states = {one.removeprefix(prefix) for one in state.rstrip("]").split(", ") if one}
    return any(
        access.succeeds
        and (access.persona, access.command) == (reader, "select")
        and access.rows.partition(" [")[0] == "other"
        and set(states_of(access.rows)) in (set(), states)
        for access in parent.accesses
    )


def is_shown(matrix: AccessMatrix, parent: TableAccess, state: str) -> bool:
    """Whether a view shows everybody others' rows of a parent, always or in the states they are in.

    Such as a board of open jobs: whoever finds one there may answer it.
    """
    states = {one for one in state.rstrip("]").split(", ") if one}
    return any(
        access.succeeds
        and access.command == "select"
        and access.persona in OUTSIDERS
        and access.rows.partition(" [")[0] == "other"
        and set(states_of(access.rows)) <= states
        for view in matrix.tables
        if view.kind in VIEWS and parent.relation in view.links
        for access in view.accesses
    )
