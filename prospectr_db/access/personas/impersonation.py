"""How a connection becomes a persona for a while, exactly as PostgREST makes it one.

PostgREST opens a transaction and sends one SELECT of set_config(…, true) calls: the role, the
claims as one JSON text, and what is known of the request (PostgREST's documentation,
"Transactions" and "Authentication").
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from psycopg import Error, sql
from psycopg.pq import TransactionStatus

from prospectr_db.access.personas.personas import Persona
from prospectr_db.errors import UsageError

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["become", "impersonate", "requested"]

_CLAIMS = "request.jwt.claims"
# auth.uid(), auth.role() and auth.email() look at these first: a value left by somebody else would
# speak for the persona. PostgREST has not set them since version 9.
_LEGACY = ("request.jwt.claim.sub", "request.jwt.claim.role", "request.jwt.claim.email")
_REQUEST = ("request.method", "request.path", "request.headers", "request.cookies")
_SETTINGS = (_CLAIMS, *_LEGACY, *_REQUEST)
# What supabase-js and the gateway send with every request; PostgREST writes their names small.
_HEADERS = {
    "host": "127.0.0.1:54321",
    "accept": "*/*",
    "content-type": "application/json",
    "user-agent": "prospectr-db",
    "x-client-info": "supabase-js/2",
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-host": "127.0.0.1",
    "x-forwarded-port": "54321",
    "x-forwarded-proto": "http",
    "apikey": "sb_publishable_prospectr",
}

_SAVEPOINT = b"savepoint prospectr_persona;"
_DISCARD = b"rollback to savepoint prospectr_persona; release savepoint prospectr_persona"
_RELEASE = b"release savepoint prospectr_persona;"
_REMEMBER = (
    sql.SQL("select pg_catalog.current_setting('role'), {settings};")
    .format(
        settings=sql.SQL(", ").join(
            sql.SQL("pg_catalog.current_setting({}, true)").format(sql.Literal(name))
            for name in _SETTINGS
        )
    )
    .as_bytes(None)
)


@lru_cache(maxsize=4096)
def become(
    persona: Persona,
    *,
    method: str = "GET",
    path: str = "/",
    headers: str | None = None,
    cookies: str = "{}",
) -> bytes:
    """Return the one SELECT that turns the current transaction's session into a persona.

    ``headers`` and ``cookies`` are JSON texts; headers are an ordinary client's where none are
    given, with the persona's token. The statement ends with a semicolon, takes no
    parameters, and lasts until the transaction ends or a savepoint before it is rolled back.
    """
    wanted: dict[str, str | None] = {
        _CLAIMS: persona.claims,
        **dict.fromkeys(_LEGACY),
        **dict(zip(_REQUEST, (method, path, headers or _headers(persona), cookies), strict=True)),
    }
    calls = [_set("role", persona.role), *(_set(name, value) for name, value in wanted.items())]
    return sql.SQL("select {};").format(sql.SQL(", ").join(calls)).as_bytes(None)


def requested() -> bytes:
    """Return the SELECT that lets a superuser's statements be those of some request."""
    said = ("POST", "/", json.dumps(_HEADERS), "{}")
    calls = [_set(name, value) for name, value in zip(_REQUEST, said, strict=True)]
    return sql.SQL("select {};").format(sql.SQL(", ").join(calls)).as_bytes(None)


def _headers(persona: Persona) -> str:
    """Return the headers of a persona's request; its token is signed by nobody."""
    if persona.claims is None:
        return json.dumps(_HEADERS)
    parts = ('{"alg":"none","typ":"JWT"}', persona.claims, "prospectr")
    token = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
    return json.dumps({**_HEADERS, "authorization": f"Bearer {token}"})


@contextmanager
def impersonate(
    connection: Connection[Any],
    persona: Persona,
    *,
    keep: bool = False,
    method: str = "GET",
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Be a persona inside the block; role and claims are as before after it, whatever happened.

    By default everything done inside is undone, which costs one round trip at either end. With
    ``keep=True`` the effects stay, unless an exception leaves the block or a statement has failed
    in it. Raises UsageError on an autocommit connection outside a transaction: SET LOCAL would
    be forgotten at once and the statements would run as the login role.
    """
    status = connection.info.transaction_status
    if connection.autocommit and status == TransactionStatus.IDLE:
        raise UsageError(
            "A persona needs a transaction, and this connection is in autocommit mode.",
            hint="Open the connection without autocommit, or wrap the block in "
            "connection.transaction().",
        )
    entry = become(
        persona,
        method=method,
        path=path,
        headers=None if headers is None else json.dumps(dict(headers)),
        cookies=json.dumps(dict(cookies or {})),
    )
    before = _enter(connection, entry, remember=keep)
    try:
        yield
    except BaseException:
        _leave(connection)
        raise
    _leave(connection, before)


def _enter(
    connection: Connection[Any], entry: bytes, *, remember: bool
) -> tuple[str | None, ...] | None:
    """Set the savepoint and become the persona; return what to restore where it is needed."""
    broken = connection.info.transaction_status == TransactionStatus.INERROR
    try:
        cursor = connection.execute(_SAVEPOINT + (_REMEMBER if remember else b"") + entry)
    except Error:
        # The role does not exist, say: our savepoint does. In a transaction that had failed
        # before, it does not, and the name would reach an enclosing persona's.
        if not broken and connection.info.transaction_status == TransactionStatus.INERROR:
            connection.execute(_DISCARD)
        raise
    if not remember:
        return None
    cursor.nextset()
    row = cursor.fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM has one row
    return tuple(row)


def _leave(connection: Connection[Any], before: tuple[str | None, ...] | None = None) -> None:
    """End the persona: undo the block, or keep it and set what was there before."""
    status = connection.info.transaction_status
    if status in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
        return  # the block ended the transaction, and the persona with it
    if before is None or status == TransactionStatus.INERROR:
        connection.execute(_DISCARD)
        return
    role, *values = before
    calls = [
        _set("role", role or "none"),
        *(_set(name, value) for name, value in zip(_SETTINGS, values, strict=True)),
    ]
    restore = sql.SQL("select {}").format(sql.SQL(", ").join(calls)).as_bytes(None)
    connection.execute(_RELEASE + restore)


def _set(name: str, value: str | None) -> sql.Composable:
    """Return the call that sets a setting for this transaction; None makes it empty, if it exists.

    A setting that was never made reads as NULL, and nothing can make it so again; a persona
    without claims must meet that NULL where the session still has it.
    """
    if value is None:
        return sql.SQL(
            "case when pg_catalog.current_setting({0}, true) <> ''"
            " then pg_catalog.set_config({0}, '', true) end"
        ).format(sql.Literal(name))
    return sql.SQL("pg_catalog.set_config({}, {}, true)").format(
        sql.Literal(name), sql.Literal(value)
    )
