"""How seed data reaches a database: each file once, recorded in the Supabase CLI's own table."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.database.diagnosis import diagnose
from prospectr_db.database.target import Target
from prospectr_db.errors import MigrationFileError, ProspectrError
from prospectr_db.migrations.events import SeedApplied, SeedProgress, SeedStarted
from prospectr_db.migrations.execution import FailedStepError, Session
from prospectr_db.migrations.history import ensure_seed_files, recorded_seeds
from prospectr_db.migrations.locking import run_lock
from prospectr_db.migrations.policy import When
from prospectr_db.migrations.script import script
from prospectr_db.migrations.streaming import LARGE_BYTES, stream_statements
from prospectr_db.platform.extensions import explained
from prospectr_db.project import Project, SeedFile, read_sql

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["SeedRun", "Seeded", "When", "apply_seeds", "seed"]

OnEvent = Callable[[object], None]

_COPY_CHUNK_BYTES = 1 << 18
_TELL_EVERY_BYTES = 16 << 20
_TABLE_FILE = re.compile(r"(?:\d+[_-])?(?:(?P<schema>[^.]+)\.)?(?P<table>[^.]+)\.csv", re.DOTALL)
_RECORD = (
    b"insert into supabase_migrations.seed_files (path, hash) values (%s, %s)"
    b" on conflict (path) do update set hash = excluded.hash"
)


@dataclass(frozen=True, slots=True)
class SeedRun:
    """One seed; ``action``: ran, unchanged, or changed (recorded anew and not run, as the CLI)."""

    path: str
    action: str
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a run of the seeds did."""

    target: str
    seeds: tuple[SeedRun, ...]
    seconds: float
    notes: tuple[str, ...]


def seed(
    target: Target,
    project: Project,
    *,
    when: When = When.ONCE,
    wait: float = 120.0,
    on_event: OnEvent = lambda _event: None,
) -> Seeded:
    """Run the project's seeds, each in one transaction with its record.

    Raises SqlError with file, line and column, MigrationFileError, LockedError; seeds before the
    one that failed stay.
    """
    begun = time.monotonic()
    runs: tuple[SeedRun, ...] = ()
    if project.seeds:
        with (
            connect_as_migrator(target, autocommit=True) as connection,
            run_lock(target, wait=wait, on_event=on_event),
        ):
            runs = apply_seeds(connection, project.seeds, when=when, on_event=on_event)
    notes = project.notes
    if not project.config.seed_enabled:
        notes = (*notes, _why_disabled(project, target))
    return Seeded(target.name, runs, time.monotonic() - begun, notes)


def _why_disabled(project: Project, target: Target) -> str:
    for remote in project.config.remotes:
        if remote.project_id == target.name:
            return (
                f"Seeds are disabled for {target.name}: a remote is seeded only if "
                f"[remotes.{remote.name}.db.seed] of supabase/config.toml has enabled = true."
            )
    return "Seeds are disabled: db.seed.enabled is false in supabase/config.toml."


def apply_seeds(
    connection: Connection[Any],
    seeds: Sequence[SeedFile],
    *,
    when: When = When.ONCE,
    on_event: OnEvent = lambda _event: None,
) -> tuple[SeedRun, ...]:
    """Run seeds on a connection of `connect_as_migrator` that is not in a transaction."""
    if not seeds:
        return ()
    session = Session.on(connection, on_event=on_event)
    ensure_seed_files(connection)
    recorded = recorded_seeds(connection)
    runs = []
    for file in seeds:
        known = recorded.get(file.label)
        if known is not None and when is not When.ALWAYS:
            if known == file.sha256:
                runs.append(SeedRun(file.label, "unchanged", 0, 0.0))
                continue
            if when is When.ONCE:
                connection.execute(_RECORD, (file.label, file.sha256))
                runs.append(SeedRun(file.label, "changed", 0, 0.0))
                continue
        runs.append(_run(session, file))
    return tuple(runs)


def _run(session: Session, file: SeedFile) -> SeedRun:
    session.on_event(SeedStarted(file.label, file.size))
    begun = time.monotonic()
    record = (_RECORD, (file.label, file.sha256))
    try:
        if file.path.suffix.lower() == ".csv":
            rows = _copy_csv(session, file)
        elif file.size > LARGE_BYTES:
            rows = stream_statements(session, file, record)
        else:
            plan = script(read_sql(file.path, file.label))
            if not plan.is_atomic:
                raise _not_atomic(file)
            steps = plan.groups[0].steps if plan.groups else ()
            rows = session.transact(plan, steps, after=[record])
    except FailedStepError as failure:
        raise explained(failure.diagnosed(), session.connection) from failure
    seconds = time.monotonic() - begun
    session.on_event(SeedApplied(file.label, seconds, rows))
    return SeedRun(file.label, "ran", rows, seconds)


def _copy_csv(session: Session, file: SeedFile) -> int:
    """Fill the table that the file is named after, from a CSV whose first line names columns."""
    match = _TABLE_FILE.fullmatch(file.path.name)
    if match is None:
        raise MigrationFileError(
            f"{file.label} does not say which table it is for.",
            hint="Name it TABLE.csv or SCHEMA.TABLE.csv; a number orders it: 10_TABLE.csv.",
            file=file.label,
        )
    table = sql.Identifier(match["schema"] or "public", match["table"])
    columns = _header(file)
    statement = sql.SQL("copy {} ({}) from stdin with (format csv, header true)").format(
        table, sql.SQL(", ").join(sql.Identifier(name) for name in columns)
    )
    connection = session.connection
    try:
        with connection.transaction():
            for query, parameters in session.limits.queries():
                connection.execute(query, parameters)  # type: ignore[arg-type]
            cursor = connection.cursor()
            with cursor.copy(statement) as copy, file.path.open("rb") as stream:
                _send(copy, stream, file, session.on_event)
            connection.execute(_RECORD, (file.label, file.sha256))
            return max(0, cursor.rowcount)
    except psycopg.Error as error:
        raise _csv_failure(file, error) from error


def _send(copy: psycopg.Copy, stream: Any, file: SeedFile, on_event: OnEvent) -> None:
    sent, told = 0, 0
    while chunk := stream.read(_COPY_CHUNK_BYTES):
        copy.write(chunk if sent else chunk.removeprefix(b"\xef\xbb\xbf"))
        sent += len(chunk)
        if sent - told >= _TELL_EVERY_BYTES:
            told = sent
            on_event(SeedProgress(file.label, sent, file.size))


def _header(file: SeedFile) -> list[str]:
    import csv

    with file.path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            row = next(csv.reader(stream), [])
        except UnicodeDecodeError as error:
            raise MigrationFileError(
                f"{file.label} is not UTF-8.", hint="Save the file as UTF-8.", file=file.label
            ) from error
    if not row or not all(name.strip() for name in row):
        raise MigrationFileError(
            f"{file.label} has no header: its first line must name the columns.",
            hint="Write the column names, separated by commas, into the first line.",
            file=file.label,
            line=1,
        )
    return [name.strip() for name in row]


def _csv_failure(file: SeedFile, error: psycopg.Error) -> ProspectrError:
    """Return the failure with the line that COPY names in its context."""
    ours = diagnose(error)
    place = re.search(r"line (\d+)", error.diag.context or "")
    where = f"{file.label}:{place[1]}" if place else file.label
    return type(ours)(
        f"{where}: {ours.message}",
        hint=ours.hint,
        **{
            **ours.details,
            "file": file.label,
            "line": int(place[1]) if place else None,
        },
    )


def _not_atomic(file: SeedFile) -> MigrationFileError:
    return MigrationFileError(
        f"{file.label} has a statement that cannot run inside a transaction, and a seed is one "
        "transaction. Nothing was run.",
        hint="Put that statement into a migration.",
        file=file.label,
    )
