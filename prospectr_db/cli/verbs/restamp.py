"""`prospectr-db restamp`: give migrations versions after all others."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from prospectr_db.cli.app import app, invocation


@app.command()
def restamp(
    context: typer.Context,
    versions: list[str] = typer.Argument(
        None, help="Which (default: those older than the newest applied one)."
    ),
) -> None:
    """Rename files that are not applied yet to new versions, keeping their order."""
    from prospectr_db.migrations.restamp import restamp as rename
    from prospectr_db.report.history import restamped

    run = invocation(context)
    report = rename(run.target(), run.project, versions or (), now=datetime.now(UTC))
    run.show(report, verb="restamp", text=restamped)
