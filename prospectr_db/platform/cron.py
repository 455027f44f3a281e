"""Jobs that pg_cron recorded, and running one on demand, as the scheduler would."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from prospectr_db.database.connection import connect, connect_admin
from prospectr_db.database.target import Target
from prospectr_db.errors import ConnectionFailedError, UsageError

if TYPE_CHECKING:
    from psycopg import Connection

__all__ = ["CronJobs", "Job", "JobRun", "find_job", "jobs", "run_job"]

_COLUMNS = "jobid, jobname, schedule, command, database, username, active"


@dataclass(frozen=True, slots=True)
class Job:
    """One row of cron.job: a job may have no name."""

    id: int
    name: str | None
    schedule: str
    command: str
    database: str
    username: str
    active: bool


@dataclass(frozen=True, slots=True)
class CronJobs:
    """All jobs of a database."""

    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run, as cron.job_run_details has it; ``status`` is succeeded or failed."""

    job: Job
    run_id: int
    status: str
    message: str
    started: datetime
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the job's command succeeded."""
        return self.status == "succeeded"


def jobs(connection: Connection[Any]) -> CronJobs:
    """Return the jobs that the connection's role may see; none where pg_cron is not installed."""
    if not _is_installed(connection):
        return CronJobs(())
    rows = connection.execute(
        sql.SQL("select {} from cron.job order by jobid").format(sql.SQL(_COLUMNS))
    ).fetchall()
    return CronJobs(tuple(Job(*row) for row in rows))


def find_job(connection: Connection[Any], wanted: str) -> Job:
    """Return the job of that name or, where no job has it as its name, of that number.

    Raises UsageError where there is none, or where several roles have a job of that name.
    """
    known = jobs(connection).jobs
    named = [job for job in known if job.name == wanted]
    found = named or [job for job in known if str(job.id) == wanted]
    if len(found) == 1:
        return found[0]
    told = ", ".join(f"{job.name or '(no name)'} ({job.id})" for job in known) or "none"
    raise UsageError(
        f"Several jobs are called {wanted!r}." if found else f"There is no job {wanted!r}.",
        hint=f"Give the job's number. The jobs are: {told}.",
    )


def run_job(target: Target, job: Job) -> JobRun:
    """Run a job's command as its user and record the run in cron.job_run_details.

    It runs in ``target``, whatever database the job names, because a working copy has another
    name than the database it was made from. The user logs in, so its own settings apply, and a
    user that may not log in cannot run jobs. The command is one transaction, unless it is a single
    statement that cannot run in one (such as VACUUM). A command that fails is a run with status
    ``failed``. Raises ConnectionFailedError where the server is not one of ours.
    """
    with connect_admin(target, autocommit=True) as keeper:
        row = keeper.execute(
            "insert into cron.job_run_details"
            " (jobid, database, username, command, status, start_time)"
            " values (%s, current_database(), %s, %s, 'starting', clock_timestamp())"
            " returning runid, start_time",
            (job.id, job.username, job.command),
        ).fetchone()
        assert row is not None  # noqa: S101 - an insert that returns
        begun = time.monotonic()
        process, status, message = _execute(target, job)
        keeper.execute(
            "update cron.job_run_details set job_pid = %s, status = %s, return_message = %s,"
            " end_time = clock_timestamp() where runid = %s",
            (process, status, message, row[0]),
        )
        return JobRun(job, row[0], status, message, row[1], time.monotonic() - begun)


def _execute(target: Target, job: Job) -> tuple[int | None, str, str]:
    """Return the process that ran the command, the status and the message."""
    assert target.admin is not None  # noqa: S101 - connect_admin would have failed before
    try:
        session = connect(target, autocommit=True, dsn=target.admin.replace(user=job.username))
    except ConnectionFailedError as error:
        return None, "failed", error.message
    with session as connection:
        process = connection.info.backend_pid
        try:
            # One simple query: several statements are one implicit transaction.
            cursor = connection.execute(job.command.encode())
        except psycopg.Error as error:
            return process, "failed", f"ERROR: {error.diag.message_primary or error}"
        while cursor.nextset():
            pass
        return process, "succeeded", cursor.statusmessage or ""


def _is_installed(connection: Connection[Any]) -> bool:
    row = connection.execute("select to_regclass('cron.job') is not null").fetchone()
    return bool(row and row[0])
