"""HTTP requests that pg_net queued: reading them, and putting an answer in their place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from prospectr_db.errors import UsageError

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["QueuedRequest", "answer", "queued"]


@dataclass(frozen=True, slots=True)
class QueuedRequest:
    """One row of net.http_request_queue; ``body`` is text, None where there is none."""

    id: int
    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None
    timeout_milliseconds: int

    def json(self) -> Any:
        """Return the body as a JSON value; None where there is no body."""
        return None if self.body is None else json.loads(self.body)


def queued(connection: Connection[Any]) -> tuple[QueuedRequest, ...]:
    """Return the requests that nobody has answered, in the order in which they were made."""
    rows = connection.execute(
        "select id, method::text, url, coalesce(headers, '{}'::jsonb),"
        " convert_from(body, 'utf8'), timeout_milliseconds"
        " from net.http_request_queue order by id"
    ).fetchall()
    return tuple(QueuedRequest(*row) for row in rows)


def answer(
    connection: Connection[Any],
    request: QueuedRequest | int,
    *,
    status: int = 200,
    content: str = "",
    headers: Mapping[str, str] | None = None,
    error: str | None = None,
) -> None:
    """Take a request off the queue and record its response, as pg_net's worker would.

    ``error`` is a message such as a timeout's; there is then no status and no content. Raises
    UsageError where the request is not queued.
    """
    number = request if isinstance(request, int) else request.id
    taken = connection.execute(
        "delete from net.http_request_queue where id = %s returning id", (number,)
    ).fetchone()
    if taken is None:
        raise UsageError(
            f"There is no queued request {number}.",
            hint="It was answered already, or its transaction was rolled back.",
        )
    sent = {"content-type": "application/json", **(headers or {})}
    content_type = next(
        (value for name, value in sent.items() if name.lower() == "content-type"), None
    )
    connection.execute(
        "insert into net._http_response"
        " (id, status_code, content_type, headers, content, timed_out, error_msg)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (number, None, None, None, None, "timeout" in error.lower(), error)
        if error is not None
        else (number, status, content_type, Jsonb(sent), content, False, None),
    )
