"""`prospectr-db repair`: correct the history by hand."""

from __future__ import annotations

import typer

from prospectr_db.cli.app import app, invocation
from prospectr_db.migrations.policy import RecordedAs


@app.command()
def repair(
    context: typer.Context,
    versions: list[str] = typer.Argument(help="The versions."),
    status: RecordedAs = typer.Option(
        ..., "--status", help="applied: record the files; reverted: take out of the history."
    ),
) -> None:
    """Record versions as applied, or forget them; no migration is run."""
    from prospectr_db.migrations.repair import repair as correct
    from prospectr_db.report.history import repaired

    run = invocation(context)
    report = correct(run.target(), run.project, versions, status=status)
    run.show(report, verb="repair", text=repaired)
