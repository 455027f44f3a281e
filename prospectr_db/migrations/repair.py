"""How the history is corrected by hand: versions recorded as applied, or forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from prospectr_db.database.connection import connect
from prospectr_db.database.target import Target
from prospectr_db.errors import UsageError
from prospectr_db.migrations.history import ensure_history, read_history, read_layout
from prospectr_db.migrations.locking import run_lock
from prospectr_db.migrations.policy import RecordedAs
from prospectr_db.migrations.script import recorded_statements
from prospectr_db.project import Project

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Change", "Repaired", "repair"]

_UPSERT = (
    "insert into supabase_migrations.schema_migrations (version, name, statements)"
    " values (%s, %s, %s) on conflict (version) do update"
    " set name = excluded.name, statements = excluded.statements"
)


class Change(Enum):
    """What became of one version's row."""

    ADDED = "added"
    UPDATED = "updated"
    REMOVED = "removed"
    NONE = "was not there"


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did to each version; no statement of a migration was run."""

    target: str
    status: str
    versions: tuple[tuple[str, Change], ...]


def repair(
    target: Target, project: Project, versions: Sequence[str], *, status: RecordedAs
) -> Repaired:
    """Record versions as applied, from their files, or take them out of the history.

    All in one transaction. Raises UsageError where a version has no file to record.
    """
    files = {migration.version: migration for migration in project.migrations}
    unknown = [version for version in versions if version not in files]
    if not versions:
        raise UsageError("No version was given.", hint="`prospectr-db status` lists them.")
    if status is RecordedAs.APPLIED and unknown:
        raise UsageError(
            f"There is no file for {', '.join(unknown)}, so there is nothing to record.",
            hint="`prospectr-db fetch` writes files from a history; `--status reverted` forgets.",
        )
    with (
        run_lock(target, wait=0, on_event=lambda _event: None),
        connect(target, autocommit=True) as connection,
    ):
        ensure_history(connection)
        known = {row.version for row in read_history(connection)}
        unfinished = read_layout(connection).unfinished
        changes = []
        with connection.transaction():
            for version in dict.fromkeys(versions):
                if status is RecordedAs.APPLIED:
                    file = files[version]
                    connection.execute(
                        _UPSERT, (version, file.name, list(recorded_statements(file)))
                    )
                    change = Change.UPDATED if version in known else Change.ADDED
                else:
                    change = _forget(connection, version)
                if unfinished:
                    connection.execute(
                        "delete from supabase_migrations.prospectr_unfinished where version = %s",
                        (version,),
                    )
                changes.append((version, change))
    return Repaired(target.name, status.value, tuple(changes))


def _forget(connection: Connection[Any], version: str) -> Change:
    cursor = connection.execute(
        "delete from supabase_migrations.schema_migrations where version = %s", (version,)
    )
    return Change.REMOVED if cursor.rowcount else Change.NONE
