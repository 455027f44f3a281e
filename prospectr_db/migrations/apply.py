"""How pending migrations are brought to a database: one run at a time, gently, and to the end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.database.target import Target
from prospectr_db.errors import ProspectrError, UsageError
from prospectr_db.migrations.comparison import Comparison, State, compare, select_pending
from prospectr_db.migrations.errors import LockedError
from prospectr_db.migrations.events import (
    AppliedElsewhere,
    MigrationApplied,
    MigrationStarted,
    Retrying,
)
from prospectr_db.migrations.execution import (
    AlreadyAppliedError,
    FailedStepError,
    Limits,
    Session,
)
from prospectr_db.migrations.extras import (
    apply_repeatable,
    changed_repeatable,
    hook,
    run_file,
)
from prospectr_db.migrations.history import ensure_history, read_history, read_layout
from prospectr_db.migrations.locking import Watch, run_lock
from prospectr_db.migrations.script import Script, recorded_statements, script
from prospectr_db.migrations.stepwise import run_stepwise
from prospectr_db.platform.extensions import explained
from prospectr_db.project import Migration, Project

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Applied", "AppliedMigration", "apply_files", "migrate", "read_comparison"]

OnEvent = Callable[[object], None]

LOCK_TIMEOUT_SECONDS = 5.0
LOCK_ATTEMPTS = 6
WAIT_SECONDS = 120.0
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0
_LOCK_NOT_AVAILABLE, _DEADLOCK, _UNSAFE_NEW_ENUM_VALUE = "55P03", "40P01", "55P04"


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """One migration that this run committed; ``steps`` is 1 where it was one transaction."""

    version: str
    name: str
    statements: int
    steps: int
    seconds: float


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
        comparison, unfinished = read_comparison(connection, project)
        pending = select_pending(project, comparison, to=to, include_all=include_all)
        if pending or changed_repeatable(connection, project.repeatable):
            _check_scripts(pending)
            with run_lock(target, wait=wait, on_event=on_event):
                # Another run may have finished while this one waited.
                comparison, unfinished = read_comparison(connection, project)
                pending = select_pending(project, comparison, to=to, include_all=include_all)
                ensure_history(connection)
                limits = Limits(lock_timeout, statement_timeout)
                session = Session.on(connection, limits=limits, on_event=on_event)
                _run_hook(session, project, "before-migrate")
                with Watch(target, on_event).running() as watch:
                    undo = _rollbacks(connection, project)
                    runner = _Runner(session, unfinished, watch, lock_attempts, undo)
                    done, elsewhere = runner.run_all(pending)
                repeated = apply_repeatable(connection, project.repeatable, on_event)
                _run_hook(session, project, "after-migrate")
        else:
            done, elsewhere, repeated = [], [], ()
    count = len(comparison.of(State.APPLIED, State.EDITED, State.RENAMED))
    return Applied(
        target=target.name,
        applied=tuple(done),
        elsewhere=tuple(elsewhere),
        repeated=repeated,
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
    _check_scripts(migrations)
    session = Session.on(connection, on_event=on_event)
    ensure_history(connection)
    return tuple(_Runner(session, frozenset(), None, 1, {}).run_all(migrations)[0])


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
class _Runner:
    """Runs one migration after the other; ``watch`` is None where nobody else can be waited for."""

    session: Session
    unfinished: Collection[str]
    watch: Watch | None
    attempts: int
    rollbacks: Mapping[str, tuple[str, ...]]

    def run_all(self, migrations: Sequence[Migration]) -> tuple[list[AppliedMigration], list[str]]:
        done: list[AppliedMigration] = []
        elsewhere: list[str] = []
        for index, migration in enumerate(migrations, start=1):
            place = (index, len(migrations))
            self.session.on_event(MigrationStarted(migration.version, migration.name, *place))
            begun = time.monotonic()
            try:
                ran = self._run(migration)
            except AlreadyAppliedError:
                elsewhere.append(migration.version)
                self.session.on_event(AppliedElsewhere(migration.version, migration.name))
                continue
            except ProspectrError as error:
                error.details["applied"] = [item.version for item in done]
                raise
            seconds = time.monotonic() - begun
            steps = 1 if ran.is_atomic else len(ran.groups)
            done.append(
                AppliedMigration(
                    migration.version, migration.name, len(ran.recorded), steps, seconds
                )
            )
            self.session.on_event(
                MigrationApplied(migration.version, migration.name, seconds, *place)
            )
        return done, elsewhere

    def _run(self, migration: Migration) -> Script:
        if self.watch is None:
            return self._retried(migration)
        with self.watch.over(migration.version):
            return self._retried(migration)

    def _retried(self, migration: Migration) -> Script:
        """Run one file; a lock that is not to be had is tried again, with growing pauses."""
        pause = _FIRST_PAUSE_SECONDS
        for attempt in range(1, self.attempts + 1):
            try:
                return self._once(migration)
            except FailedStepError as failure:
                if failure.sqlstate not in {_LOCK_NOT_AVAILABLE, _DEADLOCK}:
                    raise explained(failure.diagnosed(), self.session.connection) from failure
                if attempt == self.attempts:
                    raise self._locked(migration, failure) from failure
                # Jitter, so that two that collided do not collide again.
                seconds = pause * random.uniform(0.75, 1.25)  # noqa: S311
                self.session.on_event(
                    Retrying(
                        migration.version, attempt, self.attempts, seconds, self._reason(failure)
                    )
                )
                time.sleep(seconds)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        raise AssertionError("attempts is at least 1")

    def _once(self, migration: Migration) -> Script:
        plan = script(migration)
        if plan.is_atomic and migration.version not in self.unfinished:
            try:
                self.session.run_atomic(
                    plan,
                    (migration.version, migration.name),
                    rollback=self.rollbacks.get(migration.version),
                )
            except FailedStepError as failure:
                if failure.sqlstate != _UNSAFE_NEW_ENUM_VALUE or not plan.adds_enum_value:
                    raise
                # The file uses an enum value that it adds: that needs a commit in between.
                plan = script(migration, commit_after_enum_value=True)
                run_stepwise(self.session, migration, plan)
            return plan
        plan = script(migration, commit_after_enum_value=plan.adds_enum_value)
        run_stepwise(self.session, migration, plan)
        return plan

    def _reason(self, failure: FailedStepError) -> str:
        if self.watch is not None and self.watch.last is not None:
            return str(self.watch.last)
        return failure.error.diag.message_primary or "a lock is not available"

    def _locked(self, migration: Migration, failure: FailedStepError) -> ProspectrError:
        error = failure.diagnosed()
        blocker = self.watch.last if self.watch else None
        who = f" It waited for {blocker}." if blocker else ""
        return LockedError(
            f"{error.message}{'' if error.message.endswith('.') else '.'}{who} Tried "
            f"{self.attempts} times; {migration.filename} was rolled back each time.",
            hint="Run it again when that session has finished"
            + (f", or end it with `select pg_terminate_backend({blocker.pid})`" if blocker else "")
            + ". --lock-timeout gives each attempt more time.",
            **{key: value for key, value in error.details.items() if key != "hint"},
        )


def _check_version(project: Project, to: str | None) -> None:
    if to is not None and to not in {migration.version for migration in project.migrations}:
        known = ", ".join(migration.version for migration in project.migrations[-5:])
        raise UsageError(
            f"There is no migration with version {to}.",
            hint=f"The newest are {known}." if known else "supabase/migrations is empty.",
        )


def _run_hook(session: Session, project: Project, name: str) -> None:
    file = hook(project, name)
    if file is not None:
        run_file(session, file)


def _rollbacks(connection: Connection[Any], project: Project) -> dict[str, tuple[str, ...]]:
    """Return what goes into the history's rollback column, where a hosted project has one."""
    if not project.rollbacks or "rollback" not in read_layout(connection).history:
        return {}
    return {file.version: recorded_statements(file) for file in project.rollbacks}


def _check_scripts(migrations: Sequence[Migration]) -> None:
    """Raise for what no run could carry out, before the first file runs."""
    for migration in migrations:
        script(migration)


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
