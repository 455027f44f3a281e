"""`prospectr-db status`: what is applied, what is pending, what does not agree."""

from __future__ import annotations

import typer

from prospectr_db.cli.app import app, invocation


@app.command()
def status(
    context: typer.Context,
    check: bool = typer.Option(
        False, "--check", help="Exit 1 if anything is pending or does not agree."
    ),
) -> None:
    """Compare the files with the database's history, and say what to do where they differ."""
    from prospectr_db.migrations.status import status as look
    from prospectr_db.report.migrations import status_table

    run = invocation(context)
    report = look(run.target(), run.project)
    run.show(report, verb="status", text=status_table, ok=report.up_to_date or not check)
