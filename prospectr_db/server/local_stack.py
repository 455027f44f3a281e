"""Where the database of a running local Supabase stack is: what `supabase start` started.

The port is config.toml's ``db.port`` and the password ``postgres``, whether the stack runs in
Docker or natively, unless the stack chose others: then the Supabase CLI itself is asked.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prospectr_db.database.connection import connect
from prospectr_db.database.dsn import Dsn
from prospectr_db.database.target import Target
from prospectr_db.errors import ConnectionFailedError, ProspectrError

__all__ = ["find_local_stack"]

_HOST = "127.0.0.1"
_KNOCK_SECONDS = 2.0
_ASK_SECONDS = 20.0
# Two backends of one program answer to different options; either may be the one in use.
_QUESTIONS = (("status", "--output", "json"), ("status", "--output-format", "json"))


def find_local_stack(root: Path, *, port: int, environment: Mapping[str, str]) -> Target:
    """Return the database of the stack that runs for a project.

    ``port`` is config.toml's db.port; ``environment`` is what the Supabase CLI is asked with, where
    the port does not answer as expected. Raises ConnectionFailedError.
    """
    usual = _target(
        Dsn(
            {
                "host": _HOST,
                "port": str(port),
                "user": "postgres",
                "password": environment.get("SUPABASE_DB_PASSWORD") or "postgres",
                "dbname": "postgres",
            }
        ),
        root,
    )
    listens = _listens(port)
    if listens:
        try:
            connect(usual).close()
        except ConnectionFailedError as error:
            refusal = error
        else:
            return usual
    told = _ask(root, environment)
    if told is not None:
        return _target(told, root)
    if listens:
        raise ConnectionFailedError(
            f"Something listens on {_HOST}:{port}, but it is not this project's local stack: "
            f"{refusal.message}",
            hint="Compare db.port in supabase/config.toml with what `supabase status` prints; "
            "a password of your own goes into SUPABASE_DB_PASSWORD.",
        )
    raise ConnectionFailedError(
        f"No local Supabase stack is running: nothing listens on {_HOST}:{port} (db.port in "
        "supabase/config.toml).",
        hint="Start it with `supabase start`, or leave --local out to use the embedded server.",
    )


def _target(dsn: Dsn, root: Path) -> Target:
    return Target(dsn=dsn, kind="local", name=f"the local stack of {root.resolve().name}")


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((_HOST, port), timeout=_KNOCK_SECONDS):
            return True
    except OSError:
        return False


def _ask(root: Path, environment: Mapping[str, str]) -> Dsn | None:
    """Ask the Supabase CLI for the stack's database URL; None where it is absent or knows none."""
    path = environment.get("PATH")
    beside = root / "node_modules" / ".bin" / "supabase"
    program = shutil.which("supabase", path=path) or (str(beside) if beside.is_file() else None)
    if program is None:
        return None
    for question in _QUESTIONS:
        try:
            said = subprocess.run(
                [program, *question, "--workdir", str(root.resolve())],
                check=False,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=_ASK_SECONDS,
                env=dict(environment),
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        found = _database_url(said.stdout)
        if found is not None:
            return found
    return None


def _database_url(text: str) -> Dsn | None:
    try:
        document = json.loads(text[text.index("{") :])
    except ValueError:
        return None
    for name, value in _texts(document):
        if name.upper() == "DB_URL" and value.startswith(("postgres://", "postgresql://")):
            try:
                return Dsn.parse(value)
            except ProspectrError:
                return None
    return None


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text of a JSON document with its key."""
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str):
                yield key, item
            else:
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
