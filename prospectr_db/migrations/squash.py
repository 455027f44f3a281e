"""Many migrations made one file, which is proven to build the same database.

Every statement is kept, in order: data, storage buckets, cron jobs, triggers on auth and policies
on storage are in no schema dump. What goes are the files, and the transaction control inside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from prospectr_db.database.connection import connect
from prospectr_db.database.snapshot import Change, difference, take
from prospectr_db.database.statements import split
from prospectr_db.errors import MigrationFileError, UsageError
from prospectr_db.migrations.fetch import joined
from prospectr_db.migrations.plan import Copies
from prospectr_db.migrations.script import Action, Step, script
from prospectr_db.project import Migration, Project

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Squashed", "squash"]


@dataclass(frozen=True, slots=True)
class Squashed:
    """What was squashed, and the proof: ``changes`` and ``rows`` are empty where it holds.

    ``rows`` are tables with another number of rows than before, as (table, before, after).
    ``commands`` bring the history of a database that has the old files in line.
    """

    path: str
    removed: tuple[str, ...]
    statements: int
    changes: tuple[Change, ...]
    rows: tuple[tuple[str, int, int], ...]
    written: bool
    commands: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the one file builds what the many built."""
        return not self.changes and not self.rows


def squash(
    project: Project, copies: Copies, *, to: str | None = None, name: str = "squashed"
) -> Squashed:
    """Replace every migration up to ``to`` (the newest) by one file of that version.

    Files are only touched when the proof holds. Raises UsageError, or MigrationFileError for a
    file that needs more than one transaction: that one has to stay by itself.
    """
    versions = [migration.version for migration in project.migrations]
    if to is not None and to not in versions:
        raise UsageError(
            f"There is no migration with version {to}.", hint="`prospectr-db status` lists them."
        )
    old = [item for item in project.migrations if to is None or item.version <= to]
    if len(old) < 2:
        raise UsageError(
            "There is nothing to squash: fewer than two migrations.",
            hint="--to VERSION names the newest one that is squashed.",
        )
    text = _text(old)
    last = old[-1]
    path = project.migrations_folder / f"{last.version}_{name}.sql"
    label = path.relative_to(project.root).as_posix()
    one = Migration(path, label, text, "squashed", last.version, name)
    one = replace(one, sha256=_digest(text))
    before = replace(project, migrations=tuple(old), repeatable=(), seeds=())
    after = replace(before, migrations=(one,))
    changes, rows = _proof(copies, before, after)
    holds = not changes and not rows
    if holds:
        _replace(old, one)
    gone = [item.version for item in old[:-1]]
    return Squashed(
        path=label,
        removed=tuple(item.label for item in old),
        statements=len(split(text)),
        changes=changes,
        rows=rows,
        written=holds,
        commands=(
            f"prospectr-db repair --status reverted {' '.join(gone)}",
            f"prospectr-db repair --status applied {last.version}",
        ),
    )


def _text(old: Sequence[Migration]) -> str:
    parts = []
    for migration in old:
        statements = [step.recorded for step in _kept(migration)]
        # The settings of a file end with it; in one file they have to be ended by hand.
        if any(step.command.startswith("SET ") for step in _kept(migration)):
            statements.append("reset all")
        if statements:
            parts += [f"-- From {migration.filename}\n{statements[0]}", *statements[1:]]
    return joined(parts)


def _kept(migration: Migration) -> Iterator[Step]:
    plan = script(migration)
    for group in plan.groups:
        for step in group.steps:
            if group.alone or step.action is Action.UNDO_BLOCK:
                raise MigrationFileError(
                    f"{migration.label} cannot be squashed: {step.command} does not fit into one "
                    "transaction. Nothing was changed.",
                    hint="Squash up to the migration before it, with --to.",
                    file=migration.label,
                )
            if step.recorded and step.action not in {Action.OPEN_BLOCK, Action.CLOSE_BLOCK}:
                yield step


def _proof(
    copies: Copies, before: Project, after: Project
) -> tuple[tuple[Change, ...], tuple[tuple[str, int, int], ...]]:
    with copies(before) as many, connect(many, autocommit=True) as connection:
        shape, counts = take(connection), _counts(connection)
    with copies(after) as single, connect(single, autocommit=True) as connection:
        changes = difference(shape, take(connection))
        found = _counts(connection)
    rows = tuple(
        (table, counts.get(table, 0), found.get(table, 0))
        for table in sorted(counts.keys() | found.keys())
        if counts.get(table, 0) != found.get(table, 0)
    )
    return changes, rows


def _counts(connection: Connection[Any]) -> dict[str, int]:
    """Return how many rows each table has: the project's and the platform's."""
    tables = connection.execute(
        "select n.nspname, c.relname from pg_catalog.pg_class as c"
        " inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace"
        " where c.relkind = 'r' and n.nspname not in"
        " ('pg_catalog', 'information_schema', 'supabase_migrations') order by 1, 2"
    ).fetchall()
    counts = {}
    for schema, table in tables:
        query = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))
        try:
            row = connection.execute(query).fetchone()
        except psycopg.errors.InsufficientPrivilege:
            continue
        counts[f"{schema}.{table}"] = row[0] if row else 0
    return counts


def _replace(old: Sequence[Migration], one: Migration) -> None:
    """Write the new file first: whatever happens in between, no statement is lost."""
    draft = one.path.with_suffix(".sql.new")
    with draft.open("w", encoding="utf-8", newline="") as stream:
        stream.write(one.text)
    for migration in old:
        migration.path.unlink()
    draft.rename(one.path)


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
