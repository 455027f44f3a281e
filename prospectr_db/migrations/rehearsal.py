"""What each statement of a migration does to tables that exist: locks, rewrites, whole scans.

Observed by running it on a throwaway copy, statement by statement, and looking at what the
transaction holds and what became of each table's file (PostgreSQL manual 13.3 and 53.12).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prospectr_db.errors import ProspectrError
from prospectr_db.migrations.execution import FailedStepError, Session
from prospectr_db.migrations.script import Group, Script, Step, script
from prospectr_db.project import Migration
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.migrations.row_rules import RowRules

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
    """One statement; ``alone`` where it runs outside a transaction and its locks are not told.

    ``writes`` are the existing tables whose rows it inserts into, updates or deletes from.
    """

    line: int
    command: str
    text: str
    effects: tuple[Effect, ...]
    alone: bool = False
    writes: tuple[str, ...] = ()

    @property
    def rewritten(self) -> frozenset[str]:
        """Return the existing tables whose file it replaced."""
        return frozenset(effect.table for effect in self.effects if effect.rewrites)


@dataclass(frozen=True, slots=True)
class RehearsedMigration:
    """One migration; ``error`` is what failed, in the form of the JSON document's errors."""

    version: str
    name: str
    file: str
    statements: tuple[RehearsedStatement, ...]
    error: Mapping[str, Any] | None = None


def rehearse(
    session: Session,
    migration: Migration,
    sizes: Mapping[str, tuple[int, int]],
    *,
    rules: RowRules | None = None,
) -> RehearsedMigration:
    """Run one migration on a copy and tell what it does; the copy keeps it if it succeeds.

    ``sizes`` gives the target's estimated rows and bytes by table. ``rules`` looks at the copy
    after every statement. An error ends the rehearsal and is part of the answer, not raised.
    """
    statements: list[RehearsedStatement] = []
    error: ProspectrError | None = None

    def tell(statement: RehearsedStatement, locked: Collection[int] | None) -> None:
        statements.append(statement)
        if rules is not None:
            rules.look(migration.label, statement, locked)

    mark = rules.mark() if rules is not None else None
    try:
        plan = script(migration)
        try:
            _run(session, plan, sizes, tell)
        except FailedStepError as failure:
            if failure.sqlstate != "55P04" or not plan.adds_enum_value:
                raise
            statements.clear()
            if rules is not None and mark is not None:
                rules.back_to(mark)
            _run(session, script(migration, commit_after_enum_value=True), sizes, tell)
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
    tell: Callable[[RehearsedStatement, Collection[int] | None], None],
) -> None:
    # What exists before the file does: what it makes itself nobody else can wait for.
    existing = set(_relations(session.connection))
    for group in plan.groups:
        if group.alone:
            session.run_alone(plan, group.steps[0])
            tell(_told(plan, group.steps[0], (), (), alone=True), None)
        else:
            _run_group(session, plan, group, existing, sizes, tell)
    session.tidy(plan.file.text)


def _run_group(
    session: Session,
    plan: Script,
    group: Group,
    existing: set[int],
    sizes: Mapping[str, tuple[int, int]],
    tell: Callable[[RehearsedStatement, Collection[int] | None], None],
) -> None:
    watched = _Watched(session.connection, existing, sizes)

    def look(step: Step) -> None:
        if step.sql:
            tell(_told(plan, step, *watched.effects()), watched.locked())

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

    def locked(self) -> frozenset[int]:
        """Return the relations that the transaction, up to the last look, may have changed."""
        return frozenset(oid for oid, mode in self._locks if mode not in _WEAK)

    def effects(self) -> tuple[tuple[Effect, ...], tuple[str, ...]]:
        """Return what changed since the last look, and into which tables rows were written."""
        locks, relations = _locks(self._connection), _relations(self._connection)
        fresh: dict[int, list[str]] = {}
        for oid, mode in locks - self._locks:
            fresh.setdefault(oid, []).append(mode)
        found, written = [], []
        for oid, (name, kind, file, scans) in self._relations.items():
            if oid not in self._existing or kind == "S":
                continue
            after = relations.get(oid)
            rewrites = after is not None and after[2] != file and kind in {"r", "m"}
            # Our own looks read catalogs only: a table's counter moves by the statement alone.
            scanned = after is not None and after[3] > scans
            if kind in {"r", "p"} and "RowExclusiveLock" in fresh.get(oid, ()):
                written.append(name)
            strong = [mode for mode in fresh.get(oid, []) if mode not in _WEAK]
            lock = max(strong, key=_STRENGTH.index) if strong else None
            if lock or rewrites:
                rows, size = self._sizes.get(name, (None, None))
                found.append(
                    Effect(name, lock, _BLOCKS.get(lock or "", ""), rewrites, scanned, rows, size)
                )
        self._locks, self._relations = locks, relations
        return tuple(sorted(found, key=lambda effect: effect.table)), tuple(sorted(written))


def _relations(connection: Connection[Any]) -> dict[int, tuple[str, str, int, int]]:
    rows = connection.execute(sql_text("migrations/relations.sql")).fetchall()
    return {oid: (name, kind, file, scans) for oid, name, kind, file, scans in rows}


def _locks(connection: Connection[Any]) -> set[tuple[int, str]]:
    return set(connection.execute(sql_text("migrations/locks_held.sql")).fetchall())


def _told(
    plan: Script,
    step: Step,
    effects: Sequence[Effect],
    writes: Sequence[str],
    *,
    alone: bool = False,
) -> RehearsedStatement:
    text = plan.file.text
    lead = len(step.sql) - len(step.sql.lstrip())
    return RehearsedStatement(
        line=text.count("\n", 0, step.offset + lead) + 1,
        command=step.command,
        text=" ".join(step.sql.split())[:200],
        effects=tuple(effects),
        alone=alone,
        writes=tuple(writes),
    )
