"""How a connection is opened: who logs in, with which settings, and what is said if it fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.database.dsn import Dsn
from prospectr_db.database.target import Target
from prospectr_db.errors import ConnectionFailedError

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["connect", "connect_admin", "connect_as_migrator", "elevated", "redact"]

APPLICATION = "prospectr-db"
CONNECT_TIMEOUT_SECONDS = 10
MIGRATOR = "postgres"


def connect(
    target: Target, *, autocommit: bool = False, dsn: Dsn | None = None, **parameters: Any
) -> Connection[Any]:
    """Open a connection as the target's own role (``postgres`` on Supabase).

    ``parameters`` are libpq parameters that override the DSN's, such as ``options``.
    Raises ConnectionFailedError with the server's reason and a hint; never shows a password.
    """
    chosen = dsn or target.dsn
    settings: dict[str, Any] = {
        "application_name": APPLICATION,
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        **chosen.reveal(),
        **parameters,
    }
    try:
        # Prepared statements break behind a transaction pooler, and nothing here repeats enough
        # to need them.
        return psycopg.connect(autocommit=autocommit, prepare_threshold=None, **settings)
    except psycopg.Error as error:
        raise _failure(chosen, error) from None


def connect_admin(target: Target, *, autocommit: bool = False) -> Connection[Any]:
    """Open a connection as the bootstrap superuser of a server that we started.

    Raises ConnectionFailedError on any other target: a hosted project has no such login.
    """
    if target.admin is None:
        raise ConnectionFailedError(
            f"{target.name} offers no superuser login.",
            hint="This works on the embedded server only.",
        )
    return connect(target, autocommit=autocommit, dsn=target.admin)


def connect_as_migrator(target: Target, *, autocommit: bool = False) -> Connection[Any]:
    """Open the connection that migrations run on: ``postgres``, as on Supabase.

    On a server that we started it is a superuser's session that has become ``postgres`` (both
    session_user and current_user), so that `elevated` can lend it back for the few statements
    that Supabase's supautils allows and a plain server does not. The role's own settings are
    applied as a login of ``postgres`` would apply them, and survive RESET ALL.
    """
    if target.admin is None:
        return connect(target, autocommit=autocommit)
    with connect(target, autocommit=True, dsn=target.admin) as probe:
        rows = probe.execute(
            "select unnest(setconfig) from pg_catalog.pg_db_role_setting"
            " where setrole = (select oid from pg_catalog.pg_roles where rolname = %s)"
            " and setdatabase in (0, (select oid from pg_catalog.pg_database"
            " where datname = current_database())) order by setdatabase",
            (MIGRATOR,),
        ).fetchall()
    options = " ".join(f"-c {_option(setting)}" for (setting,) in rows)
    connection = connect(target, autocommit=True, dsn=target.admin, options=options)
    connection.execute(f"set session authorization {MIGRATOR}")
    connection.autocommit = autocommit
    return connection


@contextmanager
def elevated(connection: Connection[Any]) -> Iterator[None]:
    """Make ``postgres`` a superuser for the statements inside; `connect_as_migrator` allows it.

    They run as ``postgres``, so that what they create is its own. Nobody else ever sees it: the
    loan and its return are in one transaction, or in a savepoint of the one that is open.
    """
    with connection.transaction():
        _lend(connection, "superuser")
        yield
        _lend(connection, "nosuperuser")


def _lend(connection: Connection[Any], attribute: str) -> None:
    connection.execute("reset session authorization")
    connection.execute(f"alter role {MIGRATOR} {attribute}")
    connection.execute(f"set session authorization {MIGRATOR}")


def redact(text: str, dsn: Dsn) -> str:
    """Return a message with every secret of the DSN masked."""
    for secret in sorted(dsn.secrets(), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _option(setting: str) -> str:
    """Escape one ``name=value`` for the libpq parameter ``options`` (manual 34.1.2)."""
    return setting.replace("\\", "\\\\").replace(" ", "\\ ")


def _failure(dsn: Dsn, error: psycopg.Error) -> ConnectionFailedError:
    reason = redact(" ".join(str(error).split()), dsn)
    return ConnectionFailedError(
        f"Cannot connect to {dsn.url()}: {reason}",
        hint=_hint(dsn, reason),
        sqlstate=error.sqlstate,
    )


def _hint(dsn: Dsn, reason: str) -> str:
    host = dsn.get("host") or ""
    lowered = reason.lower()
    if "password authentication failed" in lowered or "sasl" in lowered:
        return (
            "Check the user and the password. Percent-encode special characters in a URL; behind "
            "Supabase's pooler the user is postgres.PROJECT_REF."
        )
    if "tenant or user not found" in lowered:
        return "Behind Supabase's pooler the user is postgres.PROJECT_REF; check the region too."
    if "does not exist" in lowered and "database" in lowered:
        return "Check the database name at the end of the URL; on Supabase it is postgres."
    if "connection refused" in lowered or "no such file" in lowered:
        return "Nothing listens there. Check host and port, and that the server is running."
    if "network is unreachable" in lowered and host.startswith("db."):
        return (
            "Supabase's direct connections are IPv6 only. Use the session pooler's URL "
            "(port 5432, user postgres.PROJECT_REF) from the project's Connect dialog."
        )
    if any(sign in lowered for sign in ("resolve", "name or service", "nodename")):
        return "The host name is not known. Check it for typing mistakes, and the network."
    if "timeout" in lowered:
        return "The server did not answer in time. Check the network, firewall and host name."
    if "ssl" in lowered:
        return "Check sslmode: the server and the URL do not agree on encryption."
    return "Check the URL: postgresql://USER:PASSWORD@HOST:PORT/DATABASE."
