"""pg_cron's stand-in records jobs as pg_cron does; the kit runs one on demand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection, sql

from prospectr_db.database import Target, connect, connect_admin
from prospectr_db.errors import UsageError
from prospectr_db.platform.cron import find_job, jobs, run_job


def scheduled(owner: Connection[Any]) -> list[tuple[Any, ...]]:
    return owner.execute(
        "select jobname, schedule, command, username, active from cron.job order by jobid"
    ).fetchall()


def test_a_job_of_the_same_name_is_replaced_and_keeps_its_number(owner: Connection[Any]) -> None:
    row = owner.execute(
        "select cron.schedule('nightly', '0 3 * * *', 'select 1'),"
        " cron.schedule('nightly', '30 seconds', 'select 2'), cron.schedule('@hourly', 'select 3')"
    ).fetchone()
    assert row is not None
    assert row[0] == row[1] != row[2]
    assert scheduled(owner) == [
        ("nightly", "30 seconds", "select 2", "postgres", True),
        (None, "@hourly", "select 3", "postgres", True),
    ]
    assert owner.execute("select cron.unschedule('nightly')").fetchone() == (True,)
    assert owner.execute("select cron.unschedule(%s)", (row[2],)).fetchone() == (True,)
    assert scheduled(owner) == []


def test_alter_job_changes_what_is_given(owner: Connection[Any]) -> None:
    owner.execute("select cron.schedule('a', '* * * * *', 'select 1')")
    owner.execute(
        "select cron.alter_job(jobid, schedule := '5 4 * * sun', active := false) from cron.job"
    )
    assert scheduled(owner) == [("a", "5 4 * * sun", "select 1", "postgres", False)]


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *",
        "*/5 0-23/2 1,15 * mon-fri",
        "0 3 $ jan,DEC 7",
        " 0  3 * * 0 ",
        "@daily",
        "@reboot",
        "1 second",
        " 59 sEcOnDs ",
    ],
)
def test_schedules_that_pg_cron_accepts(owner: Connection[Any], schedule: str) -> None:
    owner.execute("select cron.schedule(%s, 'select 1')", (schedule,))
    assert scheduled(owner)[0][1] == schedule


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "* * * * monday",
        "5/2 * * * *",
        "*/0 * * * *",
        "@restar",
        "0 seconds",
        "60 seconds",
        "5 secondc",
        "5 minutes",
    ],
)
def test_schedules_that_pg_cron_refuses(owner: Connection[Any], schedule: str) -> None:
    with pytest.raises(psycopg.Error, match="invalid schedule: ") as refused:
        owner.execute("select cron.schedule(%s, 'select 1')", (schedule,))
    assert refused.value.sqlstate == "22023"
    assert refused.value.diag.message_hint is not None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("cron.unschedule('missing')", "could not find valid entry for job 'missing'"),
        ("cron.unschedule(99)", "could not find valid entry for job 99"),
        ("cron.alter_job(99, active := true)", "Job 99 does not exist or you don't own it"),
        ("cron.schedule(null, '* * * * *', 'x')", "job_name can not be NULL"),
    ],
)
def test_errors_are_pg_cron_s(owner: Connection[Any], call: str, message: str) -> None:
    with pytest.raises(psycopg.Error, match=message):
        owner.execute(f"select {call}".encode())


def test_another_role_s_job_needs_a_superuser(owner: Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="must be superuser"):
        owner.execute(
            "select cron.schedule_in_database('a', '* * * * *', 'x', current_database(),"
            " 'supabase_admin')"
        )


def test_jobs_are_written_through_the_functions_only(owner: Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table"):
        owner.execute("insert into cron.job (schedule, command) values ('* * * * *', 'x')")


def test_anon_cannot_schedule(owner: Connection[Any]) -> None:
    owner.execute("set local role anon")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="for schema cron"):
        owner.execute("select cron.schedule('* * * * *', 'x')")


@pytest.fixture
def committed(target: Target) -> Iterator[Connection[Any]]:
    """A database of its own: a job runs on another connection and sees what was committed."""
    with connect(target, autocommit=True) as connection:
        yield connection


def test_a_job_runs_as_its_user_and_the_run_is_recorded(
    committed: Connection[Any], target: Target
) -> None:
    committed.execute("create table public.who (name text)")
    committed.execute(
        "select cron.schedule('good', '@daily', 'insert into who select current_user; select 1'),"
        " cron.schedule('bad', '@daily', 'insert into who values (''x''); select 1/0'),"
        " cron.schedule('alone', '@daily', 'vacuum public.who')"
    )
    runs = [run_job(target, find_job(committed, name)) for name in ("good", "bad", "alone")]
    assert [(run.status, run.ok) for run in runs] == [
        ("succeeded", True),
        ("failed", False),
        ("succeeded", True),
    ]
    assert runs[1].message == "ERROR: division by zero"
    # The failed command is one transaction: its insert is gone. search_path is the user's own.
    assert committed.execute("select name from public.who").fetchall() == [("postgres",)]
    assert committed.execute(
        "select j.jobname, d.status, d.username, d.end_time >= d.start_time, d.job_pid > 0"
        " from cron.job_run_details as d inner join cron.job as j using (jobid) order by d.runid"
    ).fetchall() == [
        ("good", "succeeded", "postgres", True, True),
        ("bad", "failed", "postgres", True, True),
        ("alone", "succeeded", "postgres", True, True),
    ]


def test_a_user_that_may_not_log_in_cannot_run_a_job(
    committed: Connection[Any], target: Target
) -> None:
    with connect_admin(target, autocommit=True) as admin:
        admin.execute(
            sql.SQL("select cron.schedule_in_database('a', '@daily', 'x', {}, 'anon')").format(
                sql.Literal(committed.info.dbname)
            )
        )
    run = run_job(target, find_job(committed, "a"))
    assert run.status == "failed"
    assert "not permitted to log in" in run.message


def test_a_job_is_found_by_name_or_number(owner: Connection[Any]) -> None:
    owner.execute("select cron.schedule('one', '@daily', 'x')")
    (job,) = jobs(owner).jobs
    assert find_job(owner, "one") == find_job(owner, str(job.id)) == job
    with pytest.raises(UsageError, match="There is no job 'two'") as missing:
        find_job(owner, "two")
    assert f"one ({job.id})" in (missing.value.hint or "")
