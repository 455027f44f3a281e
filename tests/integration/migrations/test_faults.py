"""Whatever happens in the middle of a run, the database is what its history says, and a second
run finishes the job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from prospectr_db.database import connect, connect_admin
from prospectr_db.errors import ConnectionFailedError, ProspectrError, SqlError
from prospectr_db.migrations.apply import Applied, migrate
from prospectr_db.migrations.errors import LockedError
from prospectr_db.migrations.events import Retrying, WaitingForLock, WaitingForRun
from prospectr_db.project import Project
from tests.integration.sessions import wait_until_alone

if TYPE_CHECKING:
    from tests.integration.migrations.conftest import Bench

SLOW = {
    "v1_a": "create table a (n int); insert into a values (1);",
    "v2_b": "create table b (n int); insert into b values (1); select pg_sleep(0.4);"
    " insert into b values (2);",
    "v3_c": "create table c (n int); insert into c values (1);",
}
STEPPED = {
    "v1_a": "create table a (n int); insert into a values (1);",
    "v2_b": "insert into a values (2);\ncreate index concurrently i on a (n);\n"
    "insert into a values (3);\nselect pg_sleep(0.3);\nvacuum a;\ninsert into a values (4);",
    "v3_c": "insert into a values (5);",
}


def assert_true_to_history(bench: Bench) -> None:
    """Every recorded file's table is there with its rows, and no other file's."""
    versions = set(bench.versions())
    for version, table, rows in (("1", "a", 1), ("2", "b", 2), ("3", "c", 1)):
        there = bench.value(f"select to_regclass('{table}')::text") is not None
        assert there == (version in versions)
        if there:
            assert bench.value(f"select count(*) from {table}") == rows  # noqa: S608


RUN = """
import sys
from pathlib import Path
from prospectr_db.database import Dsn, Target
from prospectr_db.migrations.apply import migrate
from prospectr_db.project import load
target = Target(Dsn.parse(sys.argv[2]), "embedded", "it", admin=Dsn.parse(sys.argv[3]))
report = migrate(target, load(Path(sys.argv[1])), wait=30)
print(len(report.applied))
"""


def start(bench: Bench, project: Project) -> subprocess.Popen[str]:
    assert bench.target.admin is not None
    words = [str(project.root), bench.target.dsn.url(), bench.target.admin.url()]
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RUN), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("after", [0.2, 0.35, 0.5, 0.65, 0.8])
def test_a_run_that_is_killed_leaves_whole_files_only(bench: Bench, after: float) -> None:
    project = bench.project(**SLOW)
    process = start(bench, project)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_until_alone(bench.value)
    bench.execute("create schema if not exists supabase_migrations")
    bench.migrate(bench.project(), to="1")
    assert_true_to_history(bench)
    bench.migrate(project)
    assert bench.versions() == ["1", "2", "3"]
    assert_true_to_history(bench)


@pytest.mark.parametrize("after", [0.3, 0.45, 0.6, 0.75])
def test_a_stepwise_run_that_is_killed_is_resumed_and_does_nothing_twice(
    bench: Bench, after: float
) -> None:
    project = bench.project(**STEPPED)
    process = start(bench, project)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_until_alone(bench.value)
    bench.migrate(project)
    assert bench.versions() == ["1", "2", "3"]
    assert bench.rows("select n from a order by n") == [(1,), (2,), (3,), (4,), (5,)]
    assert bench.value("select indisvalid from pg_index where indexrelid = 'i'::regclass") is True
    assert bench.value("select count(*) from supabase_migrations.prospectr_unfinished") == 0


def in_background(work: Callable[[], Any]) -> Callable[[], Any]:
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(work())
        except ProspectrError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()

    def wait() -> Any:
        thread.join(60)
        return outcome[0]

    return wait


def until(bench: Bench, query: str) -> None:
    for _ in range(100):
        if bench.rows(query):
            return
        time.sleep(0.05)
    pytest.fail(f"never true: {query}")


@pytest.mark.parametrize("files", [SLOW, STEPPED], ids=["atomic", "stepwise"])
def test_a_connection_cut_by_the_server_is_explained_and_the_next_run_finishes(
    bench: Bench, files: dict[str, str]
) -> None:
    project = bench.project(**files)
    finished = in_background(lambda: bench.migrate(project))
    until(
        bench,
        "select 1 from pg_stat_activity where query like '%pg_sleep%' and pid <> "
        "pg_backend_pid() and datname = current_database() and state = 'active'",
    )
    with connect_admin(bench.target, autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%'"
            " and datname = current_database() and pid <> pg_backend_pid()"
        )
    error = finished()
    assert isinstance(error, ProspectrError)
    assert error.hint or isinstance(error, SqlError)
    assert bench.versions() == ["1"]
    bench.migrate(project)
    assert bench.versions() == ["1", "2", "3"]
    expected = [(1,), (2,), (3,), (4,), (5,)] if files is STEPPED else [(1,)]
    assert bench.rows("select n from a order by n") == expected


@contextmanager
def lock_held(bench: Bench, table: str) -> Iterator[psycopg.Connection[Any]]:
    with connect(bench.target) as other:
        other.execute(f"lock table {table} in access exclusive mode".encode())
        yield other


def test_a_lock_that_is_not_to_be_had_is_told_with_its_holder_and_nothing_is_kept(
    bench: Bench,
) -> None:
    bench.apply(v1_a="create table a (n int)")
    project = bench.project(v1_a="create table a (n int)", v2_b="alter table a add column m int")
    with lock_held(bench, "a") as holder:
        pid = holder.info.backend_pid
        with pytest.raises(LockedError) as caught:
            bench.migrate(project, lock_timeout=1.5, lock_attempts=2)
    assert caught.value.message.startswith("supabase/migrations/2_b.sql:1:1: canceling statement")
    assert f"process {pid}" in caught.value.message
    assert "AccessExclusiveLock on a" in caught.value.message
    assert f"pg_terminate_backend({pid})" in str(caught.value.hint)
    assert any(isinstance(event, WaitingForLock) for event in bench.events)
    assert any(isinstance(event, Retrying) for event in bench.events)
    assert bench.versions() == ["1"]


def test_a_lock_that_is_released_in_time_is_waited_for(bench: Bench) -> None:
    bench.apply(v1_a="create table a (n int)")
    project = bench.project(v1_a="create table a (n int)", v2_b="alter table a add column m int")
    with lock_held(bench, "a") as holder:
        finished = in_background(lambda: bench.migrate(project, lock_timeout=0.3, lock_attempts=6))
        time.sleep(1.0)
        holder.rollback()
        report = finished()
    assert isinstance(report, Applied)
    assert bench.versions() == ["1", "2"]


def test_a_statement_timeout_ends_a_file_and_keeps_nothing_of_it(bench: Bench) -> None:
    with pytest.raises(SqlError, match="statement timeout"):
        bench.migrate(
            bench.project(v1_a="create table a (); select pg_sleep(5)"), statement_timeout=0.2
        )
    assert bench.value("select to_regclass('a')") is None


def test_ten_runs_at_once_apply_everything_once(bench: Bench) -> None:
    project = bench.project(**SLOW)
    waits = [
        in_background(lambda: migrate(bench.target, project, wait=60, on_event=bench.events.append))
        for _ in range(10)
    ]
    reports = [wait() for wait in waits]
    assert all(isinstance(report, Applied) for report in reports), reports
    assert sorted(m.version for report in reports for m in report.applied) == ["1", "2", "3"]
    assert any(isinstance(event, WaitingForRun) for event in bench.events)
    assert_true_to_history(bench)


def test_a_second_run_that_may_not_wait_says_who_is_at_it(bench: Bench) -> None:
    project = bench.project(**SLOW)
    first = in_background(lambda: bench.migrate(project))
    until(
        bench,
        "select 1 from pg_stat_activity where query like '%pg_sleep%' and pid <> "
        "pg_backend_pid() and datname = current_database()",
    )
    with pytest.raises(LockedError, match=r"Another run is migrating this database \(process"):
        migrate(bench.target, project, wait=0)
    assert isinstance(first(), Applied)


def test_a_run_that_lost_its_lock_still_does_nothing_twice(bench: Bench) -> None:
    """The history row comes first in each transaction, so its key decides."""
    project = bench.project(**SLOW)
    first = in_background(lambda: bench.migrate(project))
    until(
        bench,
        "select 1 from pg_stat_activity where query like '%pg_sleep%' and pid <> "
        "pg_backend_pid() and datname = current_database()",
    )
    with connect_admin(bench.target, autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
            " and database = (select oid from pg_database where datname = current_database())"
        )
    second = migrate(bench.target, project, lock_timeout=10)
    report = first()
    assert isinstance(report, Applied)
    ran = [item.version for item in (*report.applied, *second.applied)]
    assert sorted(ran) == ["1", "2", "3"]
    assert "2" in second.elsewhere
    assert_true_to_history(bench)


def test_a_server_that_has_gone_is_said_so(bench: Bench, tmp_path: Path) -> None:
    gone = bench.target.dsn.replace(host=str(tmp_path))
    from dataclasses import replace

    with pytest.raises(ConnectionFailedError) as caught:
        migrate(replace(bench.target, dsn=gone, admin=None), bench.project(v1_a="select 1"))
    assert caught.value.hint
    assert os.fspath(tmp_path) in caught.value.message
