"""A local Data API for as long as it is needed: lent a role, started, stopped, all taken back."""

from __future__ import annotations

import itertools
import json
import os
import secrets
import select
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import sql

from prospectr_db.api.node import Program
from prospectr_db.api.tokens import anon_key, service_key
from prospectr_db.database.connection import connect_admin
from prospectr_db.database.target import Target
from prospectr_db.errors import ServerError
from prospectr_db.resources import sql_text

__all__ = ["DataApi", "data_api", "project_secret"]

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_TAIL = 2_000
_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class DataApi:
    """A running Data API. The keys are shown only where they are asked for."""

    url: str
    log: str
    anon_key: str = field(repr=False)
    service_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    process: int = 0


@contextmanager
def data_api(
    target: Target,
    program: Program,
    *,
    secret: str,
    log: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    schemas: Sequence[str] = ("public",),
    search_path: Sequence[str] = ("public", "extensions"),
    max_rows: int = 1000,
    auth: Mapping[str, Any] | None = None,
    rollback: bool = False,
) -> Iterator[DataApi]:
    """Serve a database that may be changed, until the block ends.

    The server logs in as a role that owns nothing; its privileges are taken back afterwards, so
    that grants and policies are as before. ``port`` 0 is a free one; ``auth`` are settings of
    config.toml's [auth]; ``rollback`` undoes every request of the Data API. Raises ServerError with
    the end of the log.
    """
    anon, service = anon_key(secret), service_key(secret)
    with _lent(target) as (role, password):
        given = {
            "postgres": _postgres(target, role, password),
            "host": host,
            "port": port,
            "schemas": list(schemas),
            "searchPath": ", ".join(f'"{name}"' for name in (*schemas, *search_path)),
            "maxRows": max_rows,
            "jwtSecret": secret,
            "anonKey": anon,
            "serviceKey": service,
            "auth": dict(auth or {}),
            "rollback": rollback,
        }
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            log.chmod(0o600)
            process = subprocess.Popen(
                [program.node, str(program.script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=program.script.parent,
                # Not the caller's environment: its PG* and NODE_OPTIONS must not leak in.
                env={"PATH": os.defpath, "PROSPECTR_DB_SERVE": json.dumps(given)},
            )
        try:
            place = _wait(process, log, host)
            yield DataApi(
                url=place,
                log=str(log),
                anon_key=anon,
                service_key=service,
                jwt_secret=secret,
                process=process.pid,
            )
        finally:
            _stop(process)


def project_secret(folder: Path) -> str:
    """Return the JWT secret of a checkout's local API: the same on every run, readable by us."""
    path = folder / "jwt-secret"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        made = secrets.token_hex(32)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii")
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            handle.write(made)
        return made


@contextmanager
def _lent(target: Target) -> Iterator[tuple[str, str]]:
    """Create a login of its own for one run, lend it what it needs, and take everything back."""
    role, password = f"prospectr_api_{os.getpid()}_{next(_NUMBERS)}", secrets.token_urlsafe(24)
    with connect_admin(target, autocommit=True) as connection:
        connection.execute("select set_config('prospectr_db.role', %s, false)", (role,))
        connection.execute(
            sql.SQL(
                "create role {} with login inherit nosuperuser nocreatedb nocreaterole password {}"
            ).format(sql.Identifier(role), sql.Literal(password))
        )
        try:
            connection.execute(sql_text("api/lend.sql"))
            yield role, password
        finally:
            connection.execute(sql_text("api/take_back.sql"))


def _postgres(target: Target, role: str, password: str) -> dict[str, Any]:
    """Return how node's driver logs in as the lent role."""
    return {
        "host": target.dsn.get("host"),
        "port": int(target.dsn.get("port") or 5432),
        "database": target.dsn.get("dbname"),
        "username": role,
        "password": password,
    }


def _wait(process: subprocess.Popen[bytes], log: Path, host: str) -> str:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    deadline = time.monotonic() + _START_SECONDS
    line = b""
    while time.monotonic() < deadline:
        ready, _, _ = select.select([process.stdout], [], [], 0.2)
        if ready:
            line = process.stdout.readline()
            break
        if process.poll() is not None:
            break
    try:
        said = json.loads(line or b"{}")
    except ValueError:
        said = {}
    if "port" in said:
        return f"http://{host}:{said['port']}"
    reason = said.get("error") or _tail(log) or "it said nothing"
    hint = f"Read {log}."
    if "EADDRINUSE" in reason:
        hint = "Another program uses that port: choose one with --port, or 0 for a free one."
    raise ServerError(f"The local Data API did not start: {reason}", hint=hint, log=str(log))


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace")[-_TAIL:].strip().splitlines()
    telling = [line for line in lines if "Error" in line]
    return (telling or lines or [""])[-1].strip()


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
