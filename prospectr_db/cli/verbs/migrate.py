"""`prospectr-db migrate`: bring a database up to date."""

from __future__ import annotations

import typer

from prospectr_db.cli.app import app, invocation


@app.command()
def migrate(
    context: typer.Context,
    to: str = typer.Option(None, "--to", metavar="VERSION", help="Stop after this migration."),
    include_all: bool = typer.Option(
        False, "--include-all", help="Also run files older than the newest applied one."
    ),
    lock_timeout: float = typer.Option(
        5.0,
        "--lock-timeout",
        metavar="SECONDS",
        min=0.0,
        help="How long a statement waits for a lock before the file is rolled back and tried "
        "again (0: for ever).",
    ),
    statement_timeout: float = typer.Option(
        0.0,
        "--statement-timeout",
        metavar="SECONDS",
        min=0.0,
        help="How long a statement may run (0: for ever).",
    ),
    wait: float = typer.Option(
        120.0,
        "--wait",
        metavar="SECONDS",
        min=0.0,
        help="How long to wait for another run that is migrating the same database.",
    ),
    check: bool = typer.Option(
        False, "--check", help="Run nothing; exit 1 if anything is pending."
    ),
) -> None:
    """Run every pending migration, each in a transaction together with its history row."""
    from prospectr_db.cli.copies import project_for

    run = invocation(context)
    target = run.target()
    project = project_for(run, target)
    if check:
        from prospectr_db.migrations.status import status
        from prospectr_db.report.migrations import status_table

        report = status(target, project)
        run.show(report, verb="migrate", text=status_table, ok=report.up_to_date)
        return
    from prospectr_db.migrations.apply import migrate as apply
    from prospectr_db.report.migrations import applied

    done = apply(
        target,
        project,
        to=to,
        include_all=include_all,
        lock_timeout=lock_timeout or None,
        statement_timeout=statement_timeout or None,
        wait=wait,
        on_event=run.progress.show,
    )
    run.show(done, verb="migrate", text=applied)
