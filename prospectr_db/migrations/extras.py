"""What runs around migrations: hooks before and after, and repeatable files when they changed.

``supabase/hooks/before-migrate.sql`` and ``after-migrate.sql`` run whenever something else runs.
``supabase/repeatable/*.sql`` (functions and views, written with `create or replace`) run after the
migrations, in the order of their names, each when its content is not what ran last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from prospectr_db.database.statements import split
from prospectr_db.errors import MigrationFileError
from prospectr_db.migrations.events import ExtraApplied
from prospectr_db.migrations.execution import FailedStepError, Query, Session
from prospectr_db.migrations.history import read_layout
from prospectr_db.migrations.script import script
from prospectr_db.platform.extensions import explained
from prospectr_db.project import Project, SqlFile, read_sql
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["apply_repeatable", "changed_repeatable", "hook", "run_file"]

OnEvent = Callable[[object], None]

_RECORD = (
    b"insert into supabase_migrations.prospectr_repeatable (path, hash) values (%s, %s)"
    b" on conflict (path) do update set hash = excluded.hash, applied_at = clock_timestamp()"
)


def hook(project: Project, name: str) -> SqlFile | None:
    """Return a hook's file, such as ``before-migrate``, or None where there is none."""
    path = project.supabase / "hooks" / f"{name}.sql"
    return read_sql(path, f"supabase/hooks/{name}.sql") if path.exists() else None


def changed_repeatable(
    connection: Connection[Any], files: Sequence[SqlFile]
) -> tuple[SqlFile, ...]:
    """Return the repeatable files whose content has not run yet. Only reads."""
    if not files:
        return ()
    known: dict[str, str] = {}
    if read_layout(connection).repeatable:
        known = dict(
            connection.execute(
                "select path, hash from supabase_migrations.prospectr_repeatable"
            ).fetchall()
        )
    return tuple(file for file in files if known.get(file.label) != file.sha256)


def apply_repeatable(
    connection: Connection[Any],
    files: Sequence[SqlFile],
    on_event: OnEvent = lambda _event: None,
) -> tuple[str, ...]:
    """Run the files that changed, each with its record; returns their paths.

    ``connection`` is `connect_as_migrator`'s. Raises SqlError with file, line and column.
    """
    changed = changed_repeatable(connection, files)
    if not changed:
        return ()
    session = Session.on(connection, on_event=on_event)
    if not read_layout(connection).repeatable:
        with connection.transaction():
            for statement in split(sql_text("migrations/create_repeatable.sql")):
                connection.execute(statement.text.encode())
    for file in changed:
        run_file(session, file, after=[(_RECORD, (file.label, file.sha256))])
    return tuple(file.label for file in changed)


def run_file(session: Session, file: SqlFile, *, after: Sequence[Query] = ()) -> None:
    """Run one file in one transaction. Raises SqlError, or MigrationFileError if it cannot be."""
    plan = script(file)
    if not plan.is_atomic:
        raise MigrationFileError(
            f"{file.label} has a statement that cannot run inside a transaction. Nothing was run.",
            hint="Put that statement into a migration.",
            file=file.label,
        )
    begun = time.monotonic()
    try:
        session.transact(plan, plan.groups[0].steps if plan.groups else (), after=after)
    except FailedStepError as failure:
        raise explained(failure.diagnosed(), session.connection) from failure
    session.on_event(ExtraApplied(file.label, time.monotonic() - begun))
