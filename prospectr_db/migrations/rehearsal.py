"""What each statement of a migration does to tables that exist: locks, rewrites, whole scans.

Observed by running it on a throwaway copy, statement by statement, and looking at what the
transaction holds and what became of each table's file (PostgreSQL manual 13.3 and 53.12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prospectr_db.errors import ProspectrError
from prospectr_db.migrations.execution import FailedStepError, Session
from prospectr_db.migrations.script import Group, Script, Step, script
from prospectr_db.project import Migration
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["Effect", "RehearsedMigration", "RehearsedStatement", "rehearse"]

_WEAK = frozenset({"AccessShareLock", "RowShareLock", "RowExclusiveLock"})
_STRENGTH = (
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
_BLOCKS = {
    "ShareUpdateExclusiveLock": "no reads or writes",
    "ShareLock": "writes",
    "ShareRowExclusiveLock": "writes",
    "ExclusiveLock": "writes",
    "AccessExclusiveLock": "reads and writes",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """What a statement does to one existing table.

    ``lock`` is the strongest it takes beyond those that reading and writing rows take, ``blocks``
    what others cannot do meanwhile; ``rows`` and ``bytes`` are the target's, by its estimate.
    """

    table: str
    lock: str | None
    blocks: str
    rewrites: bool
    scans: bool
    rows: int | None
    bytes: int | None


@dataclass(frozen=True, slots=True)
class RehearsedStatement:
    """One statement; ``alone`` where it runs outside a transaction and its locks are not told."""

    line: int
    command: str
    text: str
    effects: tuple[Effect, ...]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class RehearsedMigration:
    """One migration; ``error`` is what failed, in the form of the JSON document's errors."""

    version: str
    name: str
    file: str
    statements: tuple[RehearsedStatement, ...]
    error: Mapping[str, Any] | None = None


def rehearse(
    session: Session, migration: Migration, sizes: Mapping[str, tuple[int, int]]
) -> RehearsedMigration:
    """Run one migration on a copy and tell what it does; the copy keeps it if it succeeds.

    ``sizes`` gives the target's estimated rows and bytes by table. An error ends the rehearsal
    and is part of the answer, not raised.
    """
    statements: list[RehearsedStatement] = []
    error: ProspectrError | None = None
    try:
        plan = script(migration)
        try:
            _run(session, plan, sizes, statements)
        except FailedStepError as failure:
            if failure.sqlstate != "55P04" or not plan.adds_enum_value:
                raise
            statements.clear()
            _run(session, script(migration, commit_after_enum_value=True), sizes, statements)
    except FailedStepError as failure:
        error = failure.diagnosed()
    except ProspectrError as refused:
        error = refused
    return RehearsedMigration(
        migration.version,
        migration.name,
        migration.label,
        tuple(statements),
        error.as_dict() if error else None,
    )


def _run(
    session: Session,
    plan: Script,
    sizes: Mapping[str, tuple[int, int]],
    statements: list[RehearsedStatement],
) -> None:
    # What exists before the file does: what it makes itself nobody else can wait for.
    existing = set(_relations(session.connection))
    for group in plan.groups:
        if group.alone:
            session.run_alone(plan, group.steps[0])
            statements.append(_told(plan, group.steps[0], (), alone=True))
        else:
            _run_group(session, plan, group, existing, sizes, statements)
    session.tidy(plan.file.text)


def _run_group(
    session: Session,
    plan: Script,
    group: Group,
    existing: set[int],
    sizes: Mapping[str, tuple[int, int]],
    statements: list[RehearsedStatement],
) -> None:
    watched = _Watched(session.connection, existing, sizes)

    def look(step: Step) -> None:
        if step.sql:
            statements.append(_told(plan, step, watched.effects()))

    session.observe(plan, group.steps, before=watched.begin, after_each=look)


class _Watched:
    """Compares, within one transaction, what each statement added to the locks and changed."""

    def __init__(
        self,
        connection: Connection[Any],
        existing: set[int],
        sizes: Mapping[str, tuple[int, int]],
    ) -> None:
        self._connection = connection
        self._existing = existing
        self._sizes = sizes
        self._locks: set[tuple[int, str]] = set()
        self._relations: dict[int, tuple[str, str, int, int]] = {}

    def begin(self) -> None:
        """Remember how things are when the transaction begins."""
        self._relations = _relations(self._connection)
        self._locks = _locks(self._connection)

    def effects(self) -> tuple[Effect, ...]:
        """Return what changed since the last look."""
        locks, relations = _locks(self._connection), _relations(self._connection)
        fresh: dict[int, list[str]] = {}
        for oid, mode in locks - self._locks:
            fresh.setdefault(oid, []).append(mode)
        found = []
        for oid, (name, kind, file, scans) in self._relations.items():
            if oid not in self._existing or kind == "S":
                continue
            after = relations.get(oid)
            rewrites = after is not None and after[2] != file and kind in {"r", "m"}
            # Our own looks read catalogs only: a table's counter moves by the statement alone.
            scanned = after is not None and after[3] > scans
            strong = [mode for mode in fresh.get(oid, []) if mode not in _WEAK]
            lock = max(strong, key=_STRENGTH.index) if strong else None
            if lock or rewrites:
                rows, size = self._sizes.get(name, (None, None))
                found.append(
                    Effect(name, lock, _BLOCKS.get(lock or "", ""), rewrites, scanned, rows, size)
                )
        self._locks, self._relations = locks, relations
        return tuple(sorted(found, key=lambda effect: effect.table))


def _relations(connection: Connection[Any]) -> dict[int, tuple[str, str, int, int]]:
    rows = connection.execute(sql_text("migrations/relations.sql")).fetchall()
    return {oid: (name, kind, file, scans) for oid, name, kind, file, scans in rows}


def _locks(connection: Connection[Any]) -> set[tuple[int, str]]:
    return set(connection.execute(sql_text("migrations/locks_held.sql")).fetchall())


def _told(
    plan: Script, step: Step, effects: Sequence[Effect], *, alone: bool = False
) -> RehearsedStatement:
    text = plan.file.text
    lead = len(step.sql) - len(step.sql.lstrip())
    return RehearsedStatement(
        line=text.count("\n", 0, step.offset + lead) + 1,
        command=step.command,
        text=" ".join(step.sql.split())[:200],
        effects=tuple(effects),
        alone=alone,
    )
