"""How a database URL becomes a Target: local or hosted, and what it is called."""

from __future__ import annotations

import re

from prospectr_db.database.dsn import Dsn
from prospectr_db.database.target import Target
from prospectr_db.errors import UsageError

__all__ = ["target_from_url"]

_LOCAL_HOSTS = frozenset({"", "localhost", "127.0.0.1", "::1", "host.docker.internal"})
# db.<ref>.supabase.co, and postgres.<ref> as the user of a pooler.
_DIRECT_HOST = re.compile(r"^db\.([a-z0-9]{20})\.supabase\.(?:co|com|net|red)$")
_POOLER_USER = re.compile(r"^[^.]+\.([a-z0-9]{20})$")


def target_from_url(url: str) -> Target:
    """Return the database that a URL names.

    A Supabase project is called by its ref, any other database by its name. Anything that is not
    on this machine counts as hosted, and TLS is asked for there. Raises UsageError.
    """
    dsn = Dsn.parse(url)
    host = (dsn.get("host") or dsn.get("hostaddr") or "").strip("[]")
    is_local = host in _LOCAL_HOSTS or host.startswith(("/", "@"))
    if not dsn.get("dbname"):
        dsn = dsn.replace(dbname="postgres")
    if not dsn.get("user"):
        raise UsageError(
            "The database URL names no user.",
            hint="Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE; on Supabase the user "
            "is postgres, or postgres.PROJECT_REF behind the pooler.",
        )
    if not is_local and dsn.get("sslmode") in {None, "allow", "prefer"}:
        dsn = dsn.replace(sslmode="require")
    if not is_local and dsn.get("sslmode") == "disable":
        raise UsageError(
            f"The database URL asks for a connection to {host} without TLS.",
            hint="Remove sslmode=disable: passwords and data would travel in the clear.",
        )
    return Target(dsn=dsn, kind="local" if is_local else "hosted", name=_name(dsn, host))


def _name(dsn: Dsn, host: str) -> str:
    direct = _DIRECT_HOST.match(host)
    pooled = _POOLER_USER.match(dsn.get("user") or "")
    found = direct or pooled
    return found.group(1) if found else str(dsn.get("dbname"))
