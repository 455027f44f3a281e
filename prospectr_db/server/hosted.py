"""How a Supabase project's ref and database password become a Target: directly, or by a pooler.

The forms are those of the project's Connect dialog (Supabase's documentation, "Connect to your
database"): the direct host answers on IPv6 only, unless the project has the IPv4 add-on; the shared
pooler answers on IPv4, with the ref in the user's name.
"""

from __future__ import annotations

import re

from prospectr_db.database.dsn import Dsn
from prospectr_db.database.target import Target
from prospectr_db.errors import UsageError

__all__ = ["PORT", "direct_target", "hosted_target", "session_pooler_target"]

PORT = "5432"
_REF = re.compile(r"[a-z]{20}")
# A region such as eu-central-1, with the pooler cluster before it where it is not the first one.
_REGION = re.compile(r"(?:(aws|fly)-(\d+)-)?([a-z]{2,4}(?:-[a-z]+)+-\d)")


def hosted_target(ref: str, password: str, region: str | None = None) -> Target:
    """Return a project's database: by its session pooler where a region is given, else directly.

    ``region`` is such as ``eu-central-1``, or ``aws-1-eu-central-1`` as in the Connect dialog.
    Raises UsageError, which never repeats the password.
    """
    return session_pooler_target(ref, password, region) if region else direct_target(ref, password)


def direct_target(ref: str, password: str) -> Target:
    """Return the direct connection: ``db.REF.supabase.co``, port 5432, user ``postgres``."""
    _check(ref, password)
    return _target(ref, password, host=f"db.{ref}.supabase.co", user="postgres")


def session_pooler_target(ref: str, password: str, region: str) -> Target:
    """Return the session pooler's connection: port 5432, user ``postgres.REF``, on IPv4."""
    _check(ref, password)
    found = _REGION.fullmatch(region)
    if found is None:
        raise UsageError(
            f"{region!r} is not a region.",
            hint="Write it as in the project's Connect dialog, such as eu-central-1 or "
            "aws-1-eu-central-1.",
        )
    cluster = f"{found[1] or 'aws'}-{found[2] or '0'}-{found[3]}"
    return _target(ref, password, host=f"{cluster}.pooler.supabase.com", user=f"postgres.{ref}")


def _check(ref: str, password: str) -> None:
    if _REF.fullmatch(ref) is None:
        raise UsageError(
            "The project ref is not one: it has 20 lower-case letters.",
            hint="It is in the dashboard's address: supabase.com/dashboard/project/REF.",
        )
    if not password:
        raise UsageError(
            "The database password is missing.",
            hint="Set SUPABASE_DB_PASSWORD in the environment. It is the project's database "
            "password (Project Settings, Database), not an API key.",
        )


def _target(ref: str, password: str, *, host: str, user: str) -> Target:
    return Target(
        dsn=Dsn(
            {
                "host": host,
                "port": PORT,
                "user": user,
                "password": password,
                "dbname": "postgres",
                "sslmode": "require",
            }
        ),
        kind="hosted",
        name=ref,
    )
