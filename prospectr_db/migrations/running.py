"""How files are run one after the other: retried for locks, stepwise where they must be."""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from prospectr_db.errors import ProspectrError
from prospectr_db.migrations.errors import LockedError
from prospectr_db.migrations.events import (
    AppliedElsewhere,
    MigrationApplied,
    MigrationStarted,
    Retrying,
)
from prospectr_db.migrations.execution import AlreadyAppliedError, FailedStepError, Session
from prospectr_db.migrations.locking import Watch
from prospectr_db.migrations.script import Script, script
from prospectr_db.migrations.stepwise import run_stepwise
from prospectr_db.platform.extensions import explained
from prospectr_db.project import Migration

__all__ = ["AppliedMigration", "Runner"]

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
class Runner:
    """Runs one migration after the other; ``watch`` is None where nobody else can be waited for."""

    session: Session
    unfinished: Collection[str]
    watch: Watch | None
    attempts: int
    rollbacks: Mapping[str, tuple[str, ...]]

    def run_all(self, migrations: Sequence[Migration]) -> tuple[list[AppliedMigration], list[str]]:
        """Run migrations in order; returns what was done, and what another run had done."""
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
