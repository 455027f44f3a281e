"""Comparing what a persona is told: an answer must not depend on what he may not know."""

from __future__ import annotations

import re

from prospectr_db.access.visitor import Statement, Visitor

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

NOWHERE = "99999999-9999-4999-8999-999999999999"
"""An id that no row has."""


def told(visitor: Visitor, statement: Statement) -> tuple[str | None, ...]:
    """Return everything the server tells about a statement, ids blotted out: he sent them."""
    outcome = visitor.run(statement)
    return tuple(
        None if part is None else _UUID.sub("ID", str(part))
        for part in (
            outcome.verdict,
            outcome.rows,
            outcome.sqlstate,
            outcome.message,
            outcome.detail,
            outcome.constraint,
        )
    )
