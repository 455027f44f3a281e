"""`prospectr-db reconcile`: bring files and a history together that went apart."""

from __future__ import annotations

import typer

from prospectr_db.cli.app import app, invocation


@app.command()
def reconcile(
    context: typer.Context,
    apply: bool = typer.Option(
        False,
        "--apply",
        help="Rename files whose statements the database has under another "
        "version. The database is never changed.",
    ),
) -> None:
    """Match what only the database has with what only the project has, and propose."""
    from prospectr_db.migrations.restamp import reconcile as match
    from prospectr_db.report.history import reconciled

    run = invocation(context)
    report = match(run.target(), run.project, apply=apply)
    open_ones = [item for item in report.proposals if not item.done]
    run.show(report, verb="reconcile", text=reconciled, ok=not open_ones)
