"""How a migration is taken back: by its script in supabase/rollbacks, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.database.snapshot import Change, difference, take
from prospectr_db.database.target import Target
from prospectr_db.errors import ProspectrError, UsageError
from prospectr_db.migrations.apply import apply_files, read_comparison
from prospectr_db.migrations.comparison import State
from prospectr_db.migrations.errors import HistoryConflictError
from prospectr_db.migrations.events import RolledBack
from prospectr_db.migrations.execution import FailedStepError, Limits, Session
from prospectr_db.migrations.fetch import joined
from prospectr_db.migrations.history import read_layout
from prospectr_db.migrations.locking import run_lock
from prospectr_db.migrations.script import Script, script
from prospectr_db.platform.extensions import explained
from prospectr_db.project import Migration, Project, SqlFile

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["CheckedRollback", "RollbackCheck", "Undone", "check_rollbacks", "rollback"]

OnEvent = Callable[[object], None]

_FORGET = b"delete from supabase_migrations.schema_migrations where version = %s"


@dataclass(frozen=True, slots=True)
class Undone:
    """Which versions were taken back, newest first."""

    target: str
    versions: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class CheckedRollback:
    """Whether one rollback leaves exactly what was before its migration.

    ``left`` is the catalog's difference between before and after up-down, ``again`` the one
    between the first and the second up. ``error`` is what failed, if something did.
    """

    version: str
    name: str
    left: tuple[Change, ...]
    again: tuple[Change, ...]
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the rollback is exact."""
        return not self.left and not self.again and self.error is None


@dataclass(frozen=True, slots=True)
class RollbackCheck:
    """Every rollback of a project, tried up, down and up again."""

    checked: tuple[CheckedRollback, ...]
    without: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every rollback is exact, and there is at least one."""
        return bool(self.checked) and all(item.ok for item in self.checked)


def rollback(
    target: Target,
    project: Project,
    *,
    to: str | None = None,
    lock_timeout: float | None = 5.0,
    wait: float = 120.0,
    on_event: OnEvent = lambda _event: None,
) -> Undone:
    """Take back the newest applied migration, or all that came after the version ``to``.

    Each script and the removal of its history row are one transaction. Raises
    HistoryConflictError before anything runs where one has no script, SqlError where one fails.
    """
    begun = time.monotonic()
    with (
        run_lock(target, wait=wait, on_event=on_event),
        connect_as_migrator(target, autocommit=True) as connection,
    ):
        comparison, _ = read_comparison(connection, project)
        applied = [
            entry.version
            for entry in comparison.of(
                State.APPLIED, State.EDITED, State.RENAMED, State.MISSING_LOCALLY
            )
        ]
        if to is not None and to not in applied:
            raise UsageError(
                f"{to} is not applied on {target.name}.",
                hint="`prospectr-db status` lists what is.",
            )
        chosen = [version for version in applied if to is None or version > to]
        chosen = chosen[-1:] if to is None else chosen
        scripts = _scripts(connection, project, chosen)
        session = Session.on(connection, limits=Limits(lock_timeout), on_event=on_event)
        for version in reversed(chosen):
            _undo(session, version, scripts[version])
            on_event(RolledBack(version))
    return Undone(target.name, tuple(reversed(chosen)), time.monotonic() - begun)


def check_rollbacks(
    connection: Connection[Any], project: Project, versions: Sequence[str] = ()
) -> RollbackCheck:
    """Try rollbacks on a throwaway copy of the platform: up, down, up, comparing catalogs.

    ``connection`` is `connect_as_migrator`'s. Only ``versions``, or every one that has a script.
    """
    scripts = {file.version: file for file in project.rollbacks}
    session = Session.on(connection, on_event=lambda _event: None)
    checked, without = [], []
    for migration in project.migrations:
        file = scripts.get(migration.version)
        if file is None or (versions and migration.version not in versions):
            if file is None:
                without.append(migration.version)
            apply_files(connection, [migration])
            continue
        before = take(connection)
        apply_files(connection, [migration])
        first = take(connection)
        try:
            _undo(session, migration.version, script(file))
        except ProspectrError as error:
            checked.append(CheckedRollback(file.version, file.name, (), (), error.message))
            continue
        left = difference(before, take(connection))
        apply_files(connection, [migration])
        again = difference(first, take(connection))
        checked.append(CheckedRollback(file.version, file.name, left, again))
    return RollbackCheck(tuple(checked), tuple(without))


def _scripts(
    connection: Connection[Any], project: Project, versions: Sequence[str]
) -> dict[str, Script]:
    """Return how each version is taken back; refuses where one is not known."""
    files: dict[str, SqlFile] = {file.version: file for file in project.rollbacks}
    stored = _stored(connection, versions)
    missing = [version for version in versions if version not in files and version not in stored]
    if missing:
        raise HistoryConflictError(
            f"There is no rollback for {', '.join(missing)}. Nothing was run.",
            hint="Write what takes it back into supabase/rollbacks/"
            f"{missing[0]}_NAME.sql, and try it with `prospectr-db rollback --check`.",
            versions=missing,
        )
    plans = {}
    for version in versions:
        file = files.get(version) or _from_history(project, version, stored[version])
        plans[version] = script(file)
        if not plans[version].is_atomic:
            raise HistoryConflictError(
                f"{file.label} holds a statement that cannot run inside a transaction, and a "
                "rollback is one. Nothing was run.",
                hint="Leave it out (without CONCURRENTLY, for instance).",
            )
    return plans


def _stored(connection: Connection[Any], versions: Sequence[str]) -> dict[str, list[str]]:
    """Return the rollbacks that a hosted history stores in a column of its own."""
    if "rollback" not in read_layout(connection).history:
        return {}
    rows = connection.execute(
        "select version, rollback from supabase_migrations.schema_migrations"
        " where version = any(%s) and cardinality(rollback) > 0",
        (list(versions),),
    ).fetchall()
    return dict(rows)


def _from_history(project: Project, version: str, statements: Sequence[str]) -> Migration:
    label = f"the rollback stored for {version}"
    path = project.supabase / "rollbacks" / f"{version}.sql"
    return Migration(path, label, joined(statements), "", version, "")


def _undo(session: Session, version: str, plan: Script) -> None:
    steps = plan.groups[0].steps if plan.groups else ()
    try:
        session.transact(plan, steps, after=[(_FORGET, (version,))])
    except FailedStepError as failure:
        raise explained(failure.diagnosed(), session.connection) from failure
