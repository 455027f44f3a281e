"""`prospectr-db bundle`: all migrations as one file that can be run again and again."""

from __future__ import annotations

from pathlib import Path

import typer

from prospectr_db.cli.app import app, invocation


@app.command()
def bundle(
    context: typer.Context,
    output: Path = typer.Option(
        None,
        "--output",
        "-o",
        metavar="FILE",
        help="Where to write it (default: sql/schema.sql in the project).",
        show_default=False,
    ),
    check: bool = typer.Option(False, "--check", help="Write nothing; exit 1 if it is stale."),
) -> None:
    """Write one file that sets up an empty project or updates one that is behind."""
    from prospectr_db.migrations.bundle import check_bundle, write_bundle
    from prospectr_db.report.migrations import bundled

    run = invocation(context)
    report = check_bundle(run.project, output) if check else write_bundle(run.project, output)
    run.show(report, verb="bundle", text=bundled, ok=report.up_to_date)
