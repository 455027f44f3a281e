"""How pending migrations are brought to a database: one run at a time, gently, and to the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.database.target import Target
from prospectr_db.errors import UsageError
from prospectr_db.migrations.comparison import Comparison, State, compare, select_pending
from prospectr_db.migrations.history import ensure_history, read_history, read_layout
from prospectr_db.migrations.script import recorded_statements, script
from prospectr_db.project import Migration, Project, SqlFile

# What only a run needs is imported by the functions that run: most often nothing is pending.
if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.migrations.execution import Limits, Session
    from prospectr_db.migrations.running import AppliedMigration

__all__ = ["Applied", "apply_files", "migrate", "read_comparison"]

OnEvent = Callable[[object], None]

LOCK_TIMEOUT_SECONDS = 5.0
LOCK_ATTEMPTS = 6
WAIT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run did.

    ``elsewhere`` are versions that another run committed meanwhile, ``repeated`` the repeatable
    files that had changed.
    """

    target: str
    applied: tuple[AppliedMigration, ...]
    elsewhere: tuple[str, ...]
    repeated: tuple[str, ...]
    already_applied: int
    seconds: float
    notes: tuple[str, ...]


def migrate(
    target: Target,
    project: Project,
    *,
    to: str | None = None,
    include_all: bool = False,
    lock_timeout: float | None = LOCK_TIMEOUT_SECONDS,
    lock_attempts: int = LOCK_ATTEMPTS,
    statement_timeout: float | None = None,
    wait: float = WAIT_SECONDS,
    on_event: OnEvent = lambda _event: None,
) -> Applied:
    """Bring a database up to date: every pending migration, each with its history row.

    ``to`` stops after that version; ``include_all`` also runs files older than the newest applied
    one. Times are in seconds; ``lock_timeout`` None waits for ever. Raises HistoryConflictError,
    MigrationFileError or UsageError before anything runs; LockedError, SqlError,
    InterruptedMigrationError or ConnectionFailedError with what was committed before in
    ``details["applied"]``.
    """
    begun = time.monotonic()
    _check_version(project, to)
    if not project.config.migrations_enabled:
        note = "Migrations are disabled: db.migrations.enabled is false in supabase/config.toml."
        return Applied(target.name, (), (), (), 0, time.monotonic() - begun, (note,))
    with connect_as_migrator(target, autocommit=True) as connection:
        comparison, _ = read_comparison(connection, project)
        pending = select_pending(project, comparison, to=to, include_all=include_all)
        ran = _Ran()
        if pending or _changed(connection, project.repeatable):
            from prospectr_db.migrations.execution import Limits
            from prospectr_db.migrations.locking import run_lock

            _check_scripts(pending, connection)
            limits = Limits(lock_timeout, statement_timeout)
            with run_lock(target, wait=wait, on_event=on_event):
                # Another run may have finished while this one waited.
                comparison, unfinished = read_comparison(connection, project)
                pending = select_pending(project, comparison, to=to, include_all=include_all)
                todo = _Todo(target, project, pending, unfinished, lock_attempts)
                ran = _run(connection, todo, limits, on_event)
    count = len(comparison.of(State.APPLIED, State.EDITED, State.RENAMED))
    return Applied(
        target=target.name,
        applied=ran.applied,
        elsewhere=ran.elsewhere,
        repeated=ran.repeated,
        already_applied=count,
        seconds=time.monotonic() - begun,
        notes=(*project.notes, *_notes(comparison)),
    )


def apply_files(
    connection: Connection[Any],
    migrations: Sequence[Migration],
    on_event: OnEvent = lambda _event: None,
) -> tuple[AppliedMigration, ...]:
    """Run migrations on a database that nobody else migrates, such as a fresh local one.

    ``connection`` is `connect_as_migrator`'s and not in a transaction; it is left in autocommit.
    Raises MigrationFileError or SqlError; files before the one that failed stay.
    """
    if not migrations:
        return ()
    from prospectr_db.migrations.execution import Session
    from prospectr_db.migrations.running import Runner

    _check_scripts(migrations, connection)
    session = Session.on(connection, on_event=on_event)
    ensure_history(connection)
    return tuple(Runner(session, frozenset(), None, 1, {}).run_all(migrations)[0])


def read_comparison(
    connection: Connection[Any], project: Project
) -> tuple[Comparison, frozenset[str]]:
    """Return how files and history relate, and which versions are half-way through."""
    recorded = read_history(connection)
    unfinished: frozenset[str] = frozenset()
    if read_layout(connection).unfinished:
        rows = connection.execute("select version from supabase_migrations.prospectr_unfinished")
        unfinished = frozenset(version for (version,) in rows)
    return compare(project, recorded, tuple(unfinished)), unfinished


@dataclass(frozen=True, slots=True)
class _Todo:
    """What a run is about."""

    target: Target
    project: Project
    pending: Sequence[Migration]
    unfinished: frozenset[str]
    lock_attempts: int


@dataclass(frozen=True, slots=True)
class _Ran:
    """What a run committed."""

    applied: tuple[AppliedMigration, ...] = ()
    elsewhere: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


def _run(connection: Connection[Any], todo: _Todo, limits: Limits, on_event: OnEvent) -> _Ran:
    """Run hooks, migrations and repeatable files, under the lock."""
    from prospectr_db.migrations.execution import Session
    from prospectr_db.migrations.extras import apply_repeatable
    from prospectr_db.migrations.locking import Watch
    from prospectr_db.migrations.running import Runner

    ensure_history(connection)
    session = Session.on(connection, limits=limits, on_event=on_event)
    _run_hook(session, todo.project, "before-migrate")
    with Watch(todo.target, on_event).running() as watch:
        undo = _rollbacks(connection, todo.project)
        runner = Runner(session, todo.unfinished, watch, todo.lock_attempts, undo)
        done, elsewhere = runner.run_all(todo.pending)
    repeated = apply_repeatable(connection, todo.project.repeatable, on_event)
    _run_hook(session, todo.project, "after-migrate")
    return _Ran(tuple(done), tuple(elsewhere), repeated)


def _run_hook(session: Session, project: Project, name: str) -> None:
    from prospectr_db.migrations.extras import hook, run_file

    file = hook(project, name)
    if file is not None:
        run_file(session, file)


def _changed(connection: Connection[Any], files: Sequence[SqlFile]) -> bool:
    if not files:
        return False
    from prospectr_db.migrations.extras import changed_repeatable

    return bool(changed_repeatable(connection, files))


def _rollbacks(connection: Connection[Any], project: Project) -> dict[str, tuple[str, ...]]:
    """Return what goes into the history's rollback column, where a hosted project has one."""
    if not project.rollbacks or "rollback" not in read_layout(connection).history:
        return {}
    return {file.version: recorded_statements(file) for file in project.rollbacks}


def _check_scripts(migrations: Sequence[Migration], connection: Connection[Any]) -> None:
    """Raise for what no run could carry out, before the first file runs."""
    from prospectr_db.migrations.pooling import check_settings

    for migration in migrations:
        check_settings(script(migration), connection)


def _check_version(project: Project, to: str | None) -> None:
    if to is not None and to not in {migration.version for migration in project.migrations}:
        known = ", ".join(migration.version for migration in project.migrations[-5:])
        raise UsageError(
            f"There is no migration with version {to}.",
            hint=f"The newest are {known}." if known else "supabase/migrations is empty.",
        )


def _notes(comparison: Comparison) -> list[str]:
    notes = [
        f"{entry.file} was edited after it was applied: the database still has what it was. "
        "`prospectr-db status` tells more."
        for entry in comparison.of(State.EDITED)
    ]
    notes += [
        f"{entry.file} was applied under the name {entry.recorded_name}."
        for entry in comparison.of(State.RENAMED)
    ]
    return notes
