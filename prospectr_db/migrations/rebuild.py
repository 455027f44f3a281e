"""A database's state on a copy: from its recorded history, or from its schema where that lies."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from prospectr_db.database.connection import connect
from prospectr_db.database.snapshot import Change, Facts, Key, difference, take
from prospectr_db.database.target import Target
from prospectr_db.errors import ProspectrError
from prospectr_db.migrations.comparison import file_digests
from prospectr_db.migrations.fetch import joined
from prospectr_db.migrations.history import read_history, read_statements
from prospectr_db.project import Migration, Project

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.schema.copying import Rebuilt

__all__ = ["Copies", "Rebuild", "State", "beside_history", "recorded_project", "state_of"]

Copies = Callable[[Project], AbstractContextManager[Target]]
"""Lends a throwaway database in the state of a project; `migrations.reset.disposable` does."""

Rebuild = Callable[[Target], "AbstractContextManager[Rebuilt]"]
"""Lends throwaway copies of a database's schema; `schema.copying.rebuilt` does."""

_OBJECT_WORD = re.compile(r"(?:schema|table|sequence|function|type|column|view|index) ")


@dataclass(frozen=True, slots=True)
class State:
    """A database as it is, to be tried on: ``copy``, and as many more as are asked for.

    ``notes`` say how it was made and what it lacks.
    """

    copy: Target
    another: Callable[[], AbstractContextManager[Target]]
    notes: tuple[str, ...]


@contextlib.contextmanager
def state_of(
    target: Target,
    state: Project,
    notes: tuple[str, ...],
    copies: Copies,
    rebuild: Rebuild | None,
) -> Iterator[State]:
    """Lend a database's state: what its history leads to, or else what its schema says.

    ``state`` and ``notes`` are what `recorded_project` returned. Where the history does not tell
    everything, or where the database is not what it tells, the schema is read and built again.
    """
    with contextlib.ExitStack() as stack:
        why = " ".join(notes)
        if not notes:
            copy = stack.enter_context(copies(state))
            count = len(beside_history(target, state, copies, copy)[0])
            if not count:
                yield State(copy, lambda: copies(state), ())
                return
            why = (
                f"The database is not what its history says: {count} differences, which "
                "`prospectr-db drift` lists."
            )
        lent, how = _from_schema(stack, target, rebuild)
        if lent is not None:
            yield State(lent.target, lent.another, (f"{why} {how}", *lent.notes))
            return
        copy = stack.enter_context(copies(state))
        yield State(copy, lambda: copies(state), (f"{why} {how}",))


def _from_schema(
    stack: contextlib.ExitStack, target: Target, rebuild: Rebuild | None
) -> tuple[Rebuilt | None, str]:
    """Return a copy made from the schema, or None, and a sentence about it."""
    if rebuild is None:
        return None, "It was tried on what the history leads to."
    try:
        lent = stack.enter_context(rebuild(target))
        lent.require()
    except ProspectrError as error:
        return None, f"It was tried on what the history leads to, because {error.message}"
    return lent, f"It was tried on a copy of the schema, with {lent.compared} objects."


def beside_history(
    target: Target, state: Project, copies: Copies, copy: Target
) -> tuple[tuple[Change, ...], int]:
    """Return what leads from a history's copy to the database, and how much was compared.

    On a server of ours everything is compared. On a hosted one the platform is another edition
    than ours: of its schemas only what projects add to them counts (policies and triggers that
    our platform does not have).
    """
    with connect(target, autocommit=True) as connection:
        live: Mapping[Key, Facts] = take(connection)
    with connect(copy, autocommit=True) as connection:
        expected: Mapping[Key, Facts] = take(connection)
    if target.admin is None:
        with (
            copies(replace(state, migrations=(), roles=None)) as bare,
            connect(bare, autocommit=True) as connection,
        ):
            platform, schemas = take(connection), _schemas(connection)
        expected = _projects_own(expected, platform, schemas)
        live = _projects_own(live, platform, schemas)
    return difference(expected, live), len(expected)


def _schemas(connection: Connection[Any]) -> frozenset[str]:
    rows = connection.execute("select nspname from pg_catalog.pg_namespace").fetchall()
    return frozenset(name for (name,) in rows) - {"public"}


def _projects_own(
    found: Mapping[Key, Facts], platform: Mapping[Key, Facts], schemas: frozenset[str]
) -> dict[Key, Facts]:
    """Return what belongs to the project: its own schemas, and what it added to the platform's."""
    return {
        key: facts
        for key, facts in found.items()
        if _schema_of(key) not in schemas
        or (key.kind in {"policies", "triggers"} and key not in platform)
    }


def _schema_of(key: Key) -> str:
    name = _OBJECT_WORD.sub("", key.name)
    return name.split(".", 1)[0].split(" ", 1)[0].strip('"')


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
