"""What makes an empty database a Supabase database: which SQL runs, and for which era."""

from __future__ import annotations

import enum
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prospectr_db.database.diagnosis import Source, diagnose
from prospectr_db.errors import ServerError
from prospectr_db.platform import extensions
from prospectr_db.resources import sql_files, sql_root, sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = [
    "Profile",
    "ensure_realtime_partitions",
    "install",
    "installed",
    "prepare_database",
    "revision",
]

_FOLDER = "platform"
_PER_DATABASE = "platform/04_database.sql"


class Profile(enum.Enum):
    """Which state of the platform: a project of mid-2025, or one of autumn 2026."""

    SEED = "s"
    CURRENT = "c"

    @property
    def exposes_new_tables(self) -> bool:
        """Whether new tables in public are reachable through the API without a grant."""
        return self is Profile.SEED


def install(
    connection: Connection[Any],
    *,
    profile: Profile = Profile.CURRENT,
    expose: bool | None = None,
) -> None:
    """Install the platform into an empty database, in one transaction.

    The connection is a superuser's. ``expose`` is config.toml's ``auto_expose_new_tables``; None
    means what the profile does. A second call with the same arguments changes nothing. Raises
    ServerError where another revision or profile is installed already, SqlError where a file
    fails.
    """
    chosen = profile.exposes_new_tables if expose is None else expose
    mark = _mark(profile, expose=chosen)
    with connection.transaction():
        found = installed(connection)
        if found is None:
            _run_files(connection, profile, expose=chosen)
            _leave_mark(connection, mark)
        elif found != mark:
            raise ServerError(
                f"The database already holds the platform {found}; {mark} was asked for.",
                hint="Install the platform into an empty database.",
            )
        prepare_database(connection)


def installed(connection: Connection[Any]) -> str | None:
    """Return the mark of this database's platform, such as ``c exposed=no 0a1b2c``, or None."""
    row = connection.execute(sql_text("catalog/platform_mark.sql")).fetchone()
    return None if row is None else row[0]


def prepare_database(connection: Connection[Any]) -> None:
    """Set what a copy of the template lacks: owner and grants of the current database.

    The connection is a superuser's. Running it again changes nothing.
    """
    _run(connection, sql_root() / _PER_DATABASE)


def ensure_realtime_partitions(connection: Connection[Any]) -> None:
    """Create realtime's day partitions from yesterday to three days ahead where they lack.

    The connection is a superuser's. Without today's partition a message that realtime.send()
    stores is lost, with only a warning. Does nothing in a database without the platform.
    """
    _run(connection, sql_root() / "platform/36_realtime_partitions.sql")


@cache
def revision() -> str:
    """Return a short hash of everything that decides what an installed platform looks like."""
    digest = hashlib.sha256()
    root = sql_root()
    for path in (Path(__file__), *sorted((root / _FOLDER).rglob("*.sql"))):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    digest.update(extensions.revision().encode())
    return digest.hexdigest()[:12]


def _run_files(connection: Connection[Any], profile: Profile, *, expose: bool) -> None:
    connection.execute(
        "select set_config('platform.profile', %s, true), set_config('platform.expose', %s, true),"
        " set_config('client_min_messages', 'warning', true)",
        (profile.value, "on" if expose else "off"),
    )
    for path in sql_files(_FOLDER):
        if _belongs(path, profile):
            _run(connection, path)


def _belongs(path: Path, profile: Profile) -> bool:
    """Whether a file runs for this profile: NAME.c.sql and NAME.s.sql run for one only."""
    era = path.with_suffix("").suffix.removeprefix(".")
    return not era or era == profile.value


def _run(connection: Connection[Any], path: Path) -> None:
    import psycopg

    text = path.read_text(encoding="utf-8")
    try:
        # Without parameters the server splits the text itself: one round trip a file.
        connection.execute(text.encode())
    except psycopg.Error as error:
        raise diagnose(error, Source(path=path.name, text=text)) from error


def _mark(profile: Profile, *, expose: bool) -> str:
    return f"{profile.value} exposed={'yes' if expose else 'no'} {revision()}"


def _leave_mark(connection: Connection[Any], mark: str) -> None:
    from psycopg import sql

    connection.execute(
        sql.SQL("comment on event trigger supautils_return is {}").format(sql.Literal(mark))
    )
