"""`prospectr-db fetch`: write migration files from a database's history."""

from __future__ import annotations

import typer

from prospectr_db.cli.app import app, invocation


@app.command()
def fetch(
    context: typer.Context,
    versions: list[str] = typer.Argument(None, help="Only these versions (default: all)."),
    overwrite: bool = typer.Option(False, "--overwrite", help="Also replace files that differ."),
    diff: bool = typer.Option(
        False, "--diff", help="Write nothing; show what files and history do not share."
    ),
) -> None:
    """Write the files that the history has and the project lacks."""
    from prospectr_db.migrations.fetch import fetch as write
    from prospectr_db.report.history import fetched

    run = invocation(context)
    report = write(run.target(), run.project, versions or (), overwrite=overwrite, only_diff=diff)
    run.show(report, verb="fetch", text=fetched)
