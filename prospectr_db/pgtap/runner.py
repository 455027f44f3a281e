"""How a suite is run: the real psql on each file in turn, with the options that pg_prove gives it.

Nothing of psql is imitated: meta-commands, variables, includes and autocommit are psql's own. What
a file commits stays for the files after it, as under pg_prove, which is what setup files such as
``000-setup-tests-hooks.sql`` rely on; so the database should be one that is thrown away.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.database.connection import connect, redact
from prospectr_db.database.diagnosis import diagnose
from prospectr_db.database.target import Target
from prospectr_db.errors import ExtensionNotAvailableError
from prospectr_db.pgtap.tap import TapFile, read_tap
from prospectr_db.platform.extensions import available, explain_missing
from prospectr_db.platform.pgtap import HOW_TO_GET_IT

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["FileFinished", "FileStarted", "TapReport", "run"]

OnEvent = Callable[[object], None]

# The options with which pg_prove 3.36 starts psql.
_OPTIONS = (
    "--no-psqlrc",
    "--no-align",
    "--quiet",
    "--pset",
    "pager=off",
    "--pset",
    "tuples_only=true",
    "--set",
    "ON_ERROR_STOP=1",
)
_PATIENCE_SECONDS = 300.0
_MISSING = re.compile(r'extension "([^"]+)" is not available')


@dataclass(frozen=True, slots=True)
class FileStarted:
    """A test file is being run."""

    file: str


@dataclass(frozen=True, slots=True)
class FileFinished:
    """A test file has been run."""

    result: TapFile


@dataclass(frozen=True, slots=True)
class TapReport:
    """What a suite said. ``pgtap`` is the extension's version; ``notes`` help with what failed."""

    files: tuple[TapFile, ...]
    pgtap: str
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every file is green, and there is one."""
        return bool(self.files) and all(file.passed for file in self.files)


def run(
    target: Target,
    files: Sequence[Path],
    *,
    psql: Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    patience: float = _PATIENCE_SECONDS,
    on_event: OnEvent = lambda _event: None,
) -> TapReport:
    """Run test files in the order given, and return what they said.

    ``folder`` is where psql runs: ``\\i`` and the names of files in the report are relative to it.
    ``environment`` is what psql inherits; ``patience`` is how many seconds one file may take.
    pgTAP is created in schema ``extensions`` beforehand, and dropped afterwards, where the
    database does not have it yet: so does ``supabase test db``. Raises ExtensionNotAvailableError
    where the server has no pgTAP.
    """
    begun = time.monotonic()
    version, is_ours = _create_pgtap(target)
    try:
        results = []
        for file in files:
            name = _name(file, folder)
            on_event(FileStarted(name))
            results.append(
                _run_file(target, file, name, psql, folder, dict(environment or {}), patience)
            )
            on_event(FileFinished(results[-1]))
        notes = _notes(target, results)
    finally:
        if is_ours:
            _drop_pgtap(target)
    return TapReport(tuple(results), version, time.monotonic() - begun, notes)


def _run_file(
    target: Target,
    file: Path,
    name: str,
    psql: Path,
    folder: Path,
    environment: dict[str, str],
    patience: float,
) -> TapFile:
    parameters = target.dsn.reveal()
    password = parameters.pop("password", None)
    if password is not None:
        environment["PGPASSWORD"] = password
    environment |= {"PGCLIENTENCODING": "UTF8", "PGAPPNAME": "prospectr-db test"}
    command = [
        str(psql),
        *_OPTIONS,
        f"--dbname={psycopg.conninfo.make_conninfo('', **parameters)}",
        "--file",
        str(file.resolve()),
    ]
    begun = time.monotonic()
    try:
        said = subprocess.run(
            command,
            check=False,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=patience,
        )
    except subprocess.TimeoutExpired as late:
        return read_tap(
            _text(late.stdout),
            file=name,
            exit_code=-1,
            errors=(f"It was stopped after {patience:.0f} s.",),
            seconds=time.monotonic() - begun,
        )
    complaints = _text(said.stderr).replace(f"psql:{file.resolve()}", f"psql:{name}")
    return read_tap(
        _text(said.stdout),
        file=name,
        exit_code=said.returncode,
        errors=tuple(redact(complaints, target.dsn).splitlines()),
        seconds=time.monotonic() - begun,
    )


def _create_pgtap(target: Target) -> tuple[str, bool]:
    """Return pgTAP's version, and whether it had to be created."""
    with connect(target, autocommit=True) as connection:
        installed = _installed(connection)
        if installed:
            return installed, False
        if "pgtap" not in available(connection):
            raise ExtensionNotAvailableError(
                "This server does not offer the extension pgtap, which the test files need.",
                hint=HOW_TO_GET_IT,
            )
        try:
            connection.execute("create schema if not exists extensions")
            connection.execute("create extension if not exists pgtap with schema extensions")
        except psycopg.Error as error:
            raise diagnose(error) from error
        return _installed(connection) or "", True


def _drop_pgtap(target: Target) -> None:
    with connect(target, autocommit=True) as connection:
        connection.execute("drop extension if exists pgtap")


def _installed(connection: Connection[Any]) -> str | None:
    row = connection.execute(
        "select extversion from pg_catalog.pg_extension where extname = 'pgtap'"
    ).fetchone()
    return str(row[0]) if row else None


def _notes(target: Target, results: Sequence[TapFile]) -> tuple[str, ...]:
    """Say what can be done about what test files asked for and the server lacks."""
    errors = [error for result in results for error in result.errors]
    missing = {found[1]: None for error in errors if (found := _MISSING.search(error))}
    if not missing:
        return ()
    with connect(target, autocommit=True) as connection:
        return tuple(f"{name}: {explain_missing(connection, name)}" for name in missing)


def _name(file: Path, folder: Path) -> str:
    resolved = file.resolve()
    base = folder.resolve()
    return str(resolved.relative_to(base) if resolved.is_relative_to(base) else resolved)


def _text(output: bytes | None) -> str:
    return (output or b"").decode("utf-8", errors="replace")
