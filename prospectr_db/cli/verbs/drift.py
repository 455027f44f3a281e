"""`prospectr-db drift`: where a live database differs from its migrations."""

from __future__ import annotations

import typer

from prospectr_db.cli.app import app, invocation


@app.command()
def drift(context: typer.Context) -> None:
    """Compare a database with what its recorded migrations produce; exit 1 where they differ."""
    from prospectr_db.cli.copies import copies, project_for
    from prospectr_db.migrations.drift import drift as compare
    from prospectr_db.report.plan import drift_text

    run = invocation(context)
    target = run.target()
    report = compare(target, project_for(run, target), copies(run))
    run.show(report, verb="drift", text=drift_text, ok=report.ok)
