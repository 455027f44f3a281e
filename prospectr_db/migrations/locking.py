"""One run at a time, and who holds what a run waits for.

The lock is a transaction's, on a connection of its own that does nothing else: session locks
outlive their client behind a transaction pooler and are granted to two clients at once there. Idle
and without a snapshot, that transaction holds back neither vacuum nor CREATE INDEX CONCURRENTLY;
so nothing else may be asked on it, and whoever looks for locks opens another connection.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from prospectr_db.database.connection import connect
from prospectr_db.database.target import Target
from prospectr_db.errors import ConnectionFailedError
from prospectr_db.migrations.errors import LockedError
from prospectr_db.migrations.events import Blocker, WaitingForLock, WaitingForRun
from prospectr_db.resources import sql_text

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["RUN_LOCK_KEYS", "Watch", "run_lock"]

OnEvent = Callable[[object], None]

RUN_LOCK_KEYS = (0x70726F73, 1)  # any two numbers, the same in every run
# Nothing here has parameters, so it goes by the simple protocol: the portal of the extended one
# would keep its snapshot for as long as the transaction is open.
_STAY = sql.SQL(
    "select pg_catalog.set_config(name, '0', true) from pg_catalog.pg_settings where name in"
    " ('idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout')"
)
_TRY_LOCK = sql.SQL("select pg_catalog.pg_try_advisory_xact_lock({}, {})").format(*RUN_LOCK_KEYS)
_POLL_SECONDS = 0.2
_SLOWEST_POLL_SECONDS = 2.0
_LOOK_EVERY_SECONDS = 0.5


@contextmanager
def run_lock(target: Target, *, wait: float, on_event: OnEvent) -> Iterator[None]:
    """Hold the database's migration lock.

    Raises LockedError, naming the holder, if another run has not finished after ``wait`` seconds.
    """
    with connect(target, autocommit=True) as connection:
        _acquire(connection, wait, on_event)
        try:
            yield
        finally:
            # A lock that was lost meanwhile needs no giving back, and what was done is done.
            with contextlib.suppress(psycopg.Error):
                connection.execute("rollback")


def _acquire(connection: Connection[Any], wait: float, on_event: OnEvent) -> None:
    begun, pause, told = time.monotonic(), _POLL_SECONDS, False
    while True:
        connection.execute("begin")
        connection.execute(_STAY)
        row = connection.execute(_TRY_LOCK).fetchone()
        if row and row[0]:
            return
        # Who waits holds no transaction: behind a pooler it would hold a server connection, and
        # the run that it waits for may need that one.
        connection.execute("rollback")
        waited = time.monotonic() - begun
        if waited >= wait:
            raise LockedError(
                f"Another run is migrating this database{_holder(connection)}; waited "
                f"{waited:.0f} s for it.",
                hint="Wait until it has finished and run this again, or wait longer with --wait. "
                "Nothing was changed.",
            )
        if not told:
            on_event(WaitingForRun(seconds=wait))
            told = True
        time.sleep(min(pause, max(0.0, wait - waited)))
        pause = min(pause * 1.5, _SLOWEST_POLL_SECONDS)


def _holder(connection: Connection[Any]) -> str:
    row = connection.execute(
        "select a.pid, a.usename, coalesce(a.client_addr::text, 'a local socket'),"
        " extract(epoch from clock_timestamp() - a.xact_start)::float8"
        " from pg_catalog.pg_locks as l inner join pg_catalog.pg_stat_activity as a using (pid)"
        " where l.locktype = 'advisory' and l.granted and l.classid = %s and l.objid = %s"
        " and l.database = (select oid from pg_catalog.pg_database"
        " where datname = current_database()) limit 1",
        RUN_LOCK_KEYS,
    ).fetchone()
    if row is None:
        return ""
    age = f" since {row[3]:.0f} s" if row[3] is not None else ""
    return f" (process {row[0]}, {row[1]} from {row[2]}{age})"


class Watch:
    """Looks, from a thread, what the current file waits for; connects only if one takes long."""

    def __init__(self, target: Target, on_event: OnEvent) -> None:
        self._target = target
        self._connection: Connection[Any] | None = None
        self._on_event = on_event
        self._version: str | None = None
        self._since = 0.0
        self._stop = threading.Event()
        self._mutex = threading.Lock()
        self.last: Blocker | None = None

    @contextmanager
    def running(self) -> Iterator[Watch]:
        """Watch until the block is left."""
        thread = threading.Thread(target=self._loop, name="lock watch", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            thread.join()
            if self._connection is not None:
                self._connection.close()

    @contextmanager
    def over(self, version: str) -> Iterator[None]:
        """Say which migration is running; forgets what an earlier one waited for."""
        with self._mutex:
            self._version, self._since, self.last = version, time.monotonic(), None
        try:
            yield
        finally:
            with self._mutex:
                self._version = None

    def _loop(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_SECONDS):
            with self._mutex:
                version, since = self._version, self._since
            if version is None or time.monotonic() - since < _LOOK_EVERY_SECONDS:
                continue
            # Watching is a courtesy: where it fails, the migration's own error still tells.
            with contextlib.suppress(psycopg.Error, ConnectionFailedError):
                self._look(version)

    def _look(self, version: str) -> None:
        if self._connection is None:
            self._connection = connect(self._target, autocommit=True)
        row = self._connection.execute(sql_text("migrations/blockers.sql")).fetchone()
        if row is None:
            return
        blocker = Blocker(*row[1:])
        known, self.last = self.last, blocker
        if known is None or known.pid != blocker.pid or known.wanted != blocker.wanted:
            self._on_event(WaitingForLock(version, blocker))
