"""How a file runs that cannot be one transaction: step by step, each recorded, and resumed.

A step that is transactional commits together with the record of it. One that is not (CREATE INDEX
CONCURRENTLY and the like) is announced before it begins; if the run dies during it, the next run
looks at what it left behind before it decides to go on, to repeat it, or to ask.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from prospectr_db.database.statements import split
from prospectr_db.migrations.errors import InterruptedMigrationError
from prospectr_db.migrations.events import StepApplied
from prospectr_db.migrations.execution import FailedStepError, Query, Session
from prospectr_db.migrations.history import INSERT
from prospectr_db.migrations.pooling import check_settings, is_transaction_pooler, settings_of
from prospectr_db.migrations.script import Group, Script, Step
from prospectr_db.project import Migration
from prospectr_db.resources import sql_text

__all__ = ["run_stepwise"]

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_INDEX = re.compile(
    rf"index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(?!on\b)(?P<index>{_NAME})\s+"
    rf"on\s+(?:only\s+)?(?P<table>{_NAME}(?:\s*\.\s*{_NAME})?)",
    re.IGNORECASE,
)
_CREATES_INDEX = re.compile(r"CREATE (UNIQUE )?INDEX CONCURRENTLY")
_THERE_ALREADY = {
    "CREATE": {"42P07", "42710", "42P04"},
    "DROP": {"42704", "42P01", "3D000"},
    "ALTER": {"42P01"},
}
_OURSELVES: Query = (b"set local role none", None)
_BEGINS = (
    b"update supabase_migrations.prospectr_unfinished"
    b" set running = %s, updated_at = clock_timestamp() where version = %s"
)
_ADVANCE = (
    b"update supabase_migrations.prospectr_unfinished"
    b" set statements = statements || %s::text[], running = null,"
    b" updated_at = clock_timestamp() where version = %s"
)


def run_stepwise(session: Session, migration: Migration, script: Script) -> None:
    """Run what is left of a migration, recording every step; ends with its history row.

    Raises FailedStepError with the finished steps kept, InterruptedMigrationError where the
    record and the file do not agree.
    """
    check_settings(script, session.connection)
    _ensure_progress(session)
    done, running = _progress(session, migration)
    steps_before = [step for group in script.groups for step in group.steps][: len(done)]
    groups = _remaining(script, migration, done)
    settings = settings_of(steps_before)
    pooled = _restore_settings(session, script, settings)
    count = len(done)
    total = len(script.recorded)
    try:
        for group in groups:
            begun = time.monotonic()
            if group.alone:
                _run_alone(session, migration, script, group, running)
            else:
                after = [_OURSELVES, _advance(migration, group.recorded)]
                again: list[Query] = [(step.sql.encode(), None) for step in settings]
                session.transact(
                    script, group.steps, before=again if pooled else (), after=after, tidy=pooled
                )
            running = None
            settings += settings_of(group.steps)
            count += len(_texts(group.steps))
            session.on_event(
                StepApplied(
                    version=migration.version,
                    step=count,
                    steps=total,
                    command=group.steps[-1].command,
                    seconds=time.monotonic() - begun,
                )
            )
        _finish(session, migration, script)
    finally:
        if not session.connection.closed and not session.connection.broken:
            session.tidy(script.file.text)


def _ensure_progress(session: Session) -> None:
    with session.connection.transaction():
        for statement in split(sql_text("migrations/create_progress.sql")):
            session.connection.execute(statement.text.encode())
    session.tidy()


def _progress(session: Session, migration: Migration) -> tuple[tuple[str, ...], str | None]:
    """Return what was committed of this migration, and what had begun; starts the record."""
    connection = session.connection
    connection.execute(
        "insert into supabase_migrations.prospectr_unfinished (version, name, statements)"
        " values (%s, %s, '{}') on conflict (version) do nothing",
        (migration.version, migration.name),
    )
    row = connection.execute(
        "select statements, running from supabase_migrations.prospectr_unfinished"
        " where version = %s",
        (migration.version,),
    ).fetchone()
    return (tuple(row[0]), row[1]) if row else ((), None)


def _texts(steps: Sequence[Step]) -> list[str]:
    return [step.recorded for step in steps if step.recorded]


def _remaining(script: Script, migration: Migration, done: Sequence[str]) -> list[Group]:
    """Return the groups without the statements that were committed by an earlier run.

    The file may have been edited since, but only after those.
    """
    texts = [text for group in script.groups for text in _texts(group.steps)]
    same = next(
        (at for at, text in enumerate(done) if at >= len(texts) or texts[at] != text), len(done)
    )
    if same < len(done):
        raise InterruptedMigrationError(
            f"{migration.label} was interrupted after {len(done)} statements, and has been edited "
            f"before that point: statement {same + 1} is no longer what was run.",
            hint="Put the first part back as it was and edit only what comes after it. Or undo by "
            "hand what it did, and forget it with `prospectr-db repair --status reverted "
            f"{migration.version}`.",
            file=migration.label,
            version=migration.version,
            committed=list(done),
        )
    left, groups = len(done), []
    for group in script.groups:
        steps = list(group.steps)
        while steps and (left or not steps[0].recorded):
            if not left and steps[0].action.value == "open block":
                break
            left -= 1 if steps.pop(0).recorded else 0
        if steps:
            groups.append(Group(tuple(steps), alone=group.alone))
    return groups


def _restore_settings(session: Session, script: Script, settings: Sequence[Step]) -> bool:
    """Set again what the finished part had set for its session (SET, not SET LOCAL).

    Returns whether that has to be done in each transaction, which then takes it back: the next
    one may reach another server process, and another client this one.
    """
    steps = [step for group in script.groups for step in group.steps]
    if settings_of(steps) and is_transaction_pooler(session.connection):
        return True
    for step in settings:
        session.connection.execute(step.sql.encode())
    return False


def _run_alone(
    session: Session, migration: Migration, script: Script, group: Group, running: str | None
) -> None:
    (step,) = group.steps
    resumed = running == step.recorded
    if resumed and _is_done(session, migration, step):
        _mark(session, _advance(migration, [step.recorded]))
        return
    _mark(session, (_BEGINS, (step.recorded, migration.version)))
    try:
        session.run_alone(script, step)
    except FailedStepError as failure:
        expected = _THERE_ALREADY.get(step.command.split(" ", 1)[0], set())
        if not (resumed and failure.sqlstate in expected):
            raise
    _mark(session, _advance(migration, [step.recorded]))


def _is_done(session: Session, migration: Migration, step: Step) -> bool:
    """Whether a step that had begun in an earlier run has ended; clears what it left half-made."""
    if not _CREATES_INDEX.match(step.command):
        return False
    found = _INDEX.search(step.sql)
    if found is None:
        raise InterruptedMigrationError(
            f"{migration.label} was interrupted while it created an index that has no name: "
            "whether it exists cannot be told.",
            hint="Look with \\d on the table. Drop the index if it is there or marked INVALID, and "
            "give it a name in the file; then run this again.",
            file=migration.label,
            version=migration.version,
            statement=step.recorded,
        )
    row = session.connection.execute(
        sql_text("migrations/index_state.sql"),
        {"index": _plain(found["index"]), "table": found["table"]},
    ).fetchone()
    if row is None:
        return False
    if row[0]:
        return True
    schema = re.split(r"\s*\.\s*", found["table"])[:-1]
    name = sql.Identifier(*(_plain(part) for part in (*schema, found["index"])))
    session.connection.execute(sql.SQL("drop index concurrently if exists {}").format(name))
    return False


def _plain(name: str) -> str:
    """Return a name as the catalog has it."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _advance(migration: Migration, recorded: Sequence[str]) -> Query:
    return _ADVANCE, ([text for text in recorded if text], migration.version)


def _mark(session: Session, query: Query) -> None:
    """Write the record as ourselves, whatever role and settings the file is in."""
    statement, parameters = query
    assert isinstance(statement, bytes)  # noqa: S101 - both callers build it
    with session.connection.transaction():
        session.connection.execute("set local role none")
        session.connection.execute(statement, parameters)


def _finish(session: Session, migration: Migration, script: Script) -> None:
    """Write the history row and drop the record, together."""
    connection: psycopg.Connection[Any] = session.connection
    with connection.transaction():
        connection.execute("set local role none")
        connection.execute(INSERT, (migration.version, migration.name, list(script.recorded)))
        connection.execute(
            "delete from supabase_migrations.prospectr_unfinished where version = %s",
            (migration.version,),
        )
