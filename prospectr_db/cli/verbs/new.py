"""`prospectr-db new NAME`: a migration file with the next version."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import typer

from prospectr_db.cli.app import app, invocation


@app.command()
def new(
    context: typer.Context,
    name: str = typer.Argument(help="What it does, such as create_profiles."),
) -> None:
    """Make a migration file; SQL given on standard input becomes its content."""
    from prospectr_db.migrations.new import create
    from prospectr_db.report.migrations import new_migration

    run = invocation(context)
    text = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
    report = create(run.project, name, text=text, now=datetime.now(UTC))
    run.show(report, verb="new", text=new_migration)
