"""How scheduled jobs read."""

from __future__ import annotations

from prospectr_db.platform.cron import CronJobs, JobRun
from prospectr_db.report.style import Style

__all__ = ["job_list", "job_run"]


def job_list(report: CronJobs, style: Style) -> str:
    """Return the jobs as a table."""
    if not report.jobs:
        return "There are no jobs."
    return style.table(
        ("id", "name", "schedule", "as", "active", "command"),
        [
            (
                str(job.id),
                job.name or "",
                job.schedule,
                job.username,
                "yes" if job.active else style.warn("no"),
                " ".join(job.command.split()),
            )
            for job in report.jobs
        ],
    )


def job_run(report: JobRun, style: Style) -> str:
    """Return what a run came to, in a line."""
    word = style.good(report.status) if report.ok else style.bad(report.status)
    name = report.job.name or report.job.id
    return f"{word} {name} as {report.job.username} in {report.seconds:.2f} s: {report.message}"
