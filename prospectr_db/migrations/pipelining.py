"""Many statements in one round trip, and which of them failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from psycopg import Connection, sql

__all__ = ["PipelineFailure", "send_all"]

Sent = tuple["bytes | sql.SQL | sql.Composed", Sequence[Any] | None]


class PipelineFailure(Exception):  # noqa: N818 - it carries the error, it is not one of its own
    """The statement at ``index`` failed; the server skipped everything after it."""

    def __init__(self, index: int, error: psycopg.Error) -> None:
        super().__init__(str(error))
        self.index = index
        self.error = error


def send_all(connection: Connection[Any], queries: Sequence[Sent]) -> list[psycopg.Cursor[Any]]:
    """Send statements without waiting for each; returns their cursors, or raises which failed."""
    cursors: list[psycopg.Cursor[Any]] = []
    first: psycopg.Error | None = None
    try:
        with connection.pipeline():
            # Left by an exception, the pipeline would log what it finds while it is closed.
            try:
                for query, parameters in queries:
                    cursor = connection.cursor()
                    cursors.append(cursor)
                    cursor.execute(query, parameters)
            except psycopg.Error as error:
                first = error
    except psycopg.Error as error:
        first = first or error
    if first is not None:
        # The first that brought no result is the one that failed.
        done = [cursor.pgresult is not None for cursor in cursors]
        raise PipelineFailure(done.index(False) if False in done else len(done) - 1, first)
    return cursors
