"""How one file is run on a connection: pipelined, in a transaction that holds its history row.

The history row is the first statement of the transaction, not the last: its primary key makes a
second run of the same file wait and then stand back, whichever tool or pooler it comes through.
Only a file that makes a replication slot is recorded last: nothing may be written before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from prospectr_db.database.connection import elevated
from prospectr_db.database.diagnosis import Source, diagnose
from prospectr_db.migrations.events import ServerNotice
from prospectr_db.migrations.history import INSERT
from prospectr_db.migrations.pipelining import PipelineFailure, send_all
from prospectr_db.migrations.script import Action, Script, Step

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.errors import ProspectrError

__all__ = ["AlreadyAppliedError", "FailedStepError", "Limits", "Session", "copied_line"]

_MIGRATOR = "postgres"
_SUPERUSER = "supabase_admin"
_BLOCK = "prospectr_block"
# Must be the first thing in its transaction that gets a transaction id (manual 9.28.6).
_BEFORE_ANY_WRITE = "pg_create_logical_replication_slot"
_LEAVES_MORE = re.compile(r"temp|listen|cursor|prepare|advisory", re.IGNORECASE)
_COPY_CHUNK = 1 << 16
_COPY_LINE = re.compile(r"^COPY .*?, line (\d+)", re.MULTILINE)
_ROLLBACK = b"update supabase_migrations.schema_migrations set rollback = %s where version = %s"

Query = tuple[bytes | sql.Composable, Sequence[Any] | None]
OnEvent = Callable[[object], None]


class AlreadyAppliedError(Exception):
    """Another run committed this migration while this one was at it."""


class FailedStepError(Exception):
    """A statement failed and its transaction was rolled back."""

    def __init__(self, error: psycopg.Error, source: Source) -> None:
        super().__init__(str(error))
        self.error = error
        self.source = source

    @property
    def sqlstate(self) -> str | None:
        """Return the five characters of the failure, None where the connection was lost."""
        return self.error.sqlstate

    def diagnosed(self) -> ProspectrError:
        """Return the failure as one of our errors, with its place in the file."""
        return diagnose(self.error, self.source)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a statement may wait for a lock, and run; in seconds, None for no limit of ours."""

    lock_timeout: float | None = None
    statement_timeout: float | None = None

    def queries(self) -> Iterator[Query]:
        """Yield the statements that set the limits for one transaction."""
        for name, seconds in (
            ("lock_timeout", self.lock_timeout),
            ("statement_timeout", self.statement_timeout),
        ):
            if seconds is not None:
                value = sql.Literal(f"{max(1, round(seconds * 1000))}ms")
                yield sql.SQL("set local {} = {}").format(sql.Identifier(name), value), None


@dataclass(slots=True)
class Session:
    """A connection that files are run on. ``lends`` is whether `elevated` works on it."""

    connection: Connection[Any]
    limits: Limits
    on_event: OnEvent
    lends: bool = False

    @classmethod
    def on(
        cls, connection: Connection[Any], *, limits: Limits | None = None, on_event: OnEvent
    ) -> Session:
        """Take a connection, which must not be in a transaction."""
        # session_authorization is reported by the server with every change (manual 54.2.7).
        become = connection.info.parameter_status("session_authorization")
        lends = connection.info.user == _SUPERUSER and become == _MIGRATOR
        connection.autocommit = True
        return cls(connection, limits or Limits(), on_event, lends)

    def run_atomic(
        self, script: Script, record: tuple[str, str], *, rollback: Sequence[str] | None = None
    ) -> None:
        """Run a script of at most one group; ``record`` is version and name for the history.

        ``rollback`` goes into the column of that name, which only a hosted history has.

        Raises AlreadyAppliedError or FailedStepError; either way nothing was kept.
        """
        first: list[Query] = [(INSERT.encode(), (*record, list(script.recorded)))]
        if rollback is not None:
            first.append((_ROLLBACK, (list(rollback), record[0])))
        steps = script.groups[0].steps if script.groups else ()
        if _BEFORE_ANY_WRITE in script.file.text:
            self.transact(script, steps, after=first)
        else:
            self.transact(script, steps, before=first)

    def run_alone(self, script: Script, step: Step) -> None:
        """Run one statement outside any transaction.

        Without lock_timeout: what runs alone waits without blocking others, and giving up
        half-way is what leaves invalid indexes behind.
        """
        seconds = self.limits.statement_timeout
        try:
            if seconds is not None:
                self.connection.execute(
                    "select pg_catalog.set_config('statement_timeout', %s, false)",
                    (f"{max(1, round(seconds * 1000))}ms",),
                )
            with self._notices(script.file.label):
                self.connection.execute(step.sql.encode())
        except psycopg.Error as error:
            raise FailedStepError(error, _source(script, step)) from error

    def transact(
        self,
        script: Script,
        steps: Sequence[Step],
        *,
        before: Sequence[Query] = (),
        after: Sequence[Query] = (),
        tidy: bool = True,
    ) -> int:
        """Run steps in one transaction, between our own queries; returns the rows they touched."""
        plan: list[tuple[Query, Step | None]] = [((b"begin", None), None)]
        if tidy:
            plan.append(((b"reset all", None), None))
        plan += [(query, None) for query in (*self.limits.queries(), *before)]
        plan += [(query, step) for step in steps for query in self._queries(step)]
        if tidy:
            plan += [(query, None) for query in self._tidying(script.file.text)]
        plan += [(query, None) for query in after]
        plan.append(((b"commit", None), None))
        with self._notices(script.file.label):
            if any(step.action in {Action.COPY, Action.ELEVATED} for step in steps):
                return self._one_by_one(script, plan)
            return self._pipelined(script, plan)

    def observe(
        self,
        script: Script,
        steps: Sequence[Step],
        *,
        before: Callable[[], None],
        after_each: Callable[[Step], None],
    ) -> None:
        """Run steps in one transaction and look at the database between them, as ourselves."""
        plan: list[tuple[Query, Step | None]] = [((b"begin", None), None)]
        self._one_by_one(script, plan)
        before()
        for step in steps:
            queries: list[tuple[Query, Step | None]] = [(q, step) for q in self._queries(step)]
            self._one_by_one(script, queries)
            after_each(step)
        self._one_by_one(script, [((b"commit", None), None)])

    def tidy(self, text: str = "") -> None:
        """Undo what a file may have left in the session."""
        for query, parameters in self._tidying(text):
            self.connection.execute(_typed(query), parameters)

    def _pipelined(self, script: Script, plan: list[tuple[Query, Step | None]]) -> int:
        """Send everything at once; the server stops at the first failure, commit included."""
        queries = [(_typed(query), parameters) for (query, parameters), _ in plan]
        try:
            cursors = send_all(self.connection, queries)
        except PipelineFailure as failure:
            raise self._failed(script, plan, failure.index, failure.error) from failure.error
        results = zip(plan, cursors, strict=True)
        return sum(max(0, cursor.rowcount) for (_, step), cursor in results if step is not None)

    def _one_by_one(self, script: Script, plan: list[tuple[Query, Step | None]]) -> int:
        rows = 0
        for at, ((query, parameters), step) in enumerate(plan):
            try:
                if step is not None and step.action is Action.COPY:
                    rows += self._copy(query, step)
                elif step is not None and step.action is Action.ELEVATED and self.lends:
                    with elevated(self.connection):
                        self.connection.execute(_typed(query))
                else:
                    cursor = self.connection.execute(_typed(query), parameters)
                    rows += max(0, cursor.rowcount) if step is not None else 0
            except psycopg.Error as error:
                raise self._failed(script, plan, at, error) from error
        return rows

    def _failed(
        self,
        script: Script,
        plan: list[tuple[Query, Step | None]],
        at: int,
        error: psycopg.Error,
    ) -> Exception:
        """Roll back and return what the failure means."""
        step = plan[at][1]
        query = plan[at][0][0]
        if self.connection.info.transaction_status in (
            TransactionStatus.INERROR,
            TransactionStatus.INTRANS,
        ):
            self.connection.execute("rollback")
        is_record = query == INSERT.encode()
        if is_record and isinstance(error, psycopg.errors.UniqueViolation):
            return AlreadyAppliedError()
        if step is None:
            # Ours, or the commit (a deferred constraint): no statement of the file is to blame.
            end = len(script.file.text.rstrip())
            return FailedStepError(error, Source(script.file.label, script.file.text, end))
        return FailedStepError(error, _copied(script, step, error) or _source(script, step))

    def _copy(self, query: bytes | sql.Composable, step: Step) -> int:
        cursor = self.connection.cursor()
        with cursor.copy(_typed(query)) as copy:
            data = step.data.encode()
            for start in range(0, len(data), _COPY_CHUNK):
                copy.write(data[start : start + _COPY_CHUNK])
        return max(0, cursor.rowcount)

    def _queries(self, step: Step) -> Iterator[Query]:
        """Yield what is sent for a step; a comment sends nothing."""
        match step.action:
            case Action.OPEN_BLOCK:
                yield f"savepoint {_BLOCK}".encode(), None
            case Action.CLOSE_BLOCK:
                yield f"release savepoint {_BLOCK}".encode(), None
            case Action.UNDO_BLOCK:
                yield f"rollback to savepoint {_BLOCK}".encode(), None
                yield f"release savepoint {_BLOCK}".encode(), None
            case Action.BECOME_SELF:
                yield self._become_self(), None
            case _:
                if step.sql:
                    yield step.sql.encode(), None

    def _become_self(self) -> bytes:
        # RESET would give a lent session back to the superuser that opened it.
        if self.lends:
            return f"set session authorization {_MIGRATOR}".encode()
        return b"reset session authorization"

    def _tidying(self, text: str) -> Iterator[Query]:
        yield self._become_self(), None
        yield b"reset role", None
        yield b"reset all", None
        if _LEAVES_MORE.search(text):
            for query in (
                b"close all",
                b"deallocate all",
                b"unlisten *",
                b"select pg_catalog.pg_advisory_unlock_all()",
                b"discard temp",
            ):
                yield query, None

    @contextmanager
    def _notices(self, label: str) -> Iterator[None]:
        def tell(diag: psycopg.errors.Diagnostic) -> None:
            severity = diag.severity_nonlocalized or diag.severity or "NOTICE"
            self.on_event(ServerNotice(label, severity, diag.message_primary or ""))

        self.connection.add_notice_handler(tell)
        try:
            yield
        finally:
            self.connection.remove_notice_handler(tell)


def _typed(query: bytes | sql.Composable) -> bytes | sql.SQL | sql.Composed:
    assert isinstance(query, bytes | sql.SQL | sql.Composed)  # noqa: S101 - what we build
    return query


def _source(script: Script, step: Step) -> Source:
    return Source(script.file.label, script.file.text, step.offset)


def _copied(script: Script, step: Step, error: psycopg.Error) -> Source | None:
    """Return the row that COPY stumbled over, which it counts from its own first one."""
    found = copied_line(error) if step.action is Action.COPY else None
    if found is None:
        return None
    text = script.file.text
    at = text.find("\n", step.offset + len(step.sql)) + 1
    for _ in range(found - 1):
        at = text.find("\n", at) + 1
    return Source(script.file.label, text, at)


def copied_line(error: psycopg.Error) -> int | None:
    """Return the line of its data that COPY names in the context of an error, counted from 1."""
    found = _COPY_LINE.search(error.diag.context or "")
    return int(found[1]) if found else None
