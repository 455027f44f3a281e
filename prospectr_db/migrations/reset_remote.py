"""How a database that cannot be replaced is reset: emptied in one transaction, then migrated."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg

from prospectr_db.database.connection import connect_as_migrator
from prospectr_db.database.diagnosis import diagnose
from prospectr_db.database.target import Target
from prospectr_db.migrations.apply import migrate
from prospectr_db.migrations.reset import Reset
from prospectr_db.migrations.seed import seed as run_seeds
from prospectr_db.project import Project
from prospectr_db.resources import sql_text

__all__ = ["reset_remote"]

_LEFT = (
    "Roles, default privileges, vault secrets and buckets that hold objects were left as they were."
)
_LOCK_TIMEOUT = "10s"


def reset_remote(
    target: Target,
    project: Project,
    *,
    seed: bool = True,
    to: str | None = None,
    rehearse: Callable[[], object] | None = None,
    on_event: Callable[[object], None] = lambda _event: None,
) -> Reset:
    """Drop what the project made in a database, then run its migrations and seeds.

    ``rehearse`` is run first and raises where the files do not work: nothing is dropped then.
    Raises SqlError; if a migration fails after all, those before it stay, and `migrate` goes on.
    """
    begun = time.monotonic()
    if rehearse:
        rehearse()
    with connect_as_migrator(target) as connection:
        try:
            connection.execute("select set_config('lock_timeout', %s, true)", (_LOCK_TIMEOUT,))
            connection.execute(sql_text("reset/drop_project.sql").encode())
        except psycopg.Error as error:
            raise diagnose(error) from error
    applied = migrate(target, project, to=to, on_event=on_event)
    with_seeds = seed and to is None
    if with_seeds:
        run_seeds(target, project, on_event=on_event)
    return Reset(
        database=target.name,
        migrations=len(applied.applied),
        seeds=len(project.seeds) if with_seeds else 0,
        replayed=tuple(f"{item.version}_{item.name}" for item in applied.applied),
        seconds=time.monotonic() - begun,
        notes=(*project.notes, _LEFT),
    )
