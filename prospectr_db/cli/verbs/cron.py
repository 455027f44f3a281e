"""`prospectr-db cron …`: the jobs that pg_cron recorded, and running one by hand."""

from __future__ import annotations

import typer

from prospectr_db.cli.app import app, invocation

cron_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(cron_app, name="cron", help="Scheduled jobs: list them, run one now.")


@cron_app.command("list")
def list_jobs(context: typer.Context) -> None:
    """List the jobs that the database has recorded."""
    from prospectr_db.database import connect
    from prospectr_db.platform.cron import jobs
    from prospectr_db.report.cron import job_list

    run = invocation(context)
    with connect(run.target()) as connection:
        report = jobs(connection)
    run.show(report, verb="cron list", text=job_list)


@cron_app.command("run")
def run_one(
    context: typer.Context,
    job: str = typer.Argument(..., help="The job's name, or its number."),
) -> None:
    """Run one job now, as the role that owns it, and record the run in cron.job_run_details."""
    from prospectr_db.database import connect
    from prospectr_db.platform.cron import find_job, run_job
    from prospectr_db.report.cron import job_run

    run = invocation(context)
    target = run.target()
    with connect(target) as connection:
        found = find_job(connection, job)
    report = run_job(target, found)
    run.show(report, verb="cron run", text=job_run, ok=report.ok)
