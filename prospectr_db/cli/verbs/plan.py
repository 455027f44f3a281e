"""`prospectr-db plan`: what `migrate` would do, before it does."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path

import typer

from prospectr_db.cli.app import app, invocation


@app.command()
def plan(
    context: typer.Context,
    to: str = typer.Option(None, "--to", metavar="VERSION", help="Stop after this migration."),
    include_all: bool = typer.Option(
        False, "--include-all", help="Also files older than the newest applied one."
    ),
    markdown: bool = typer.Option(False, "--markdown", help="Markdown, for a pull request."),
    check: bool = typer.Option(
        False,
        "--check",
        help="Exit 1 if a migration fails, leaks, loses values, or is dangerous to the database.",
    ),
    no_access: bool = typer.Option(
        False, "--no-access", help="Do not observe who gains or loses access."
    ),
    no_rows: bool = typer.Option(
        False, "--no-rows", help="Do not ask the database whether its rows keep new rules."
    ),
    accept_loss: bool = typer.Option(
        False, "--accept-loss", help="The values that are dropped or deleted may go."
    ),
) -> None:
    """Try the pending migrations on a copy: locks, failures, lint, what changes and for whom."""
    from prospectr_db.cli.copies import copies, project_for, rebuild
    from prospectr_db.migrations.plan import plan as rehearse
    from prospectr_db.report.plan import plan_markdown, plan_text

    run = invocation(context)
    target = run.target()
    beside = Path(sys.executable).with_name("squawk")
    report = rehearse(
        target,
        project_for(run, target),
        copies(run),
        to=to,
        include_all=include_all,
        squawk=str(beside) if beside.exists() else shutil.which("squawk") or "squawk",
        access=not no_access,
        rows=not no_rows,
        accept_loss=accept_loss,
        rebuild=partial(rebuild, run),
    )
    text = plan_markdown if markdown else plan_text
    run.show(report, verb="plan", text=text, ok=report.ok or not check)
