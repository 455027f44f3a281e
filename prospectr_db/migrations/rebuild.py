"""A database's recorded state as a project: what `plan` and `drift` build their copies from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from prospectr_db.migrations.comparison import file_digests
from prospectr_db.migrations.fetch import joined
from prospectr_db.migrations.history import read_history, read_statements
from prospectr_db.project import Migration, Project

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["recorded_project"]


def recorded_project(
    connection: Connection[Any], project: Project
) -> tuple[Project, tuple[str, ...]]:
    """Return the project as a database's history tells it, and notes on what it cannot tell.

    A version whose recorded statements are those of its file is that file; any other is rebuilt
    from what was recorded. Where nothing was recorded the file is taken as it is.
    """
    rows = read_history(connection)
    files = {migration.version: migration for migration in project.migrations}
    different = [
        row.version
        for row in rows
        if row.digest is not None
        and (row.version not in files or row.digest not in file_digests(files[row.version]))
    ]
    stored = read_statements(connection, different) if different else {}
    migrations, notes = [], []
    for row in rows:
        file = files.get(row.version)
        if row.digest is None and file is None:
            notes.append(
                f"{row.version} was applied without its statements being recorded, and has no file "
                "here: what it did is not in the copy."
            )
        elif row.version in stored:
            migrations.append(_from_history(project, row.version, row.name, stored))
        elif file is not None:
            migrations.append(file)
    return replace(project, migrations=tuple(migrations), repeatable=(), seeds=()), tuple(notes)


def _from_history(
    project: Project, version: str, name: str, stored: Mapping[str, tuple[str, ...] | None]
) -> Migration:
    text = joined(stored[version] or ())
    path = project.migrations_folder / f"{version}_{name}.sql"
    label = f"{version} as recorded in the history"
    return Migration(path, label, text, _digest(text), version, name)


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
