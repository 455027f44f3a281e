"""`prospectr-db squash`: many migrations as one file, with proof."""

from __future__ import annotations

import typer

from prospectr_db.cli.app import app, invocation


@app.command()
def squash(
    context: typer.Context,
    to: str = typer.Option(
        None, "--to", metavar="VERSION", help="The newest one that is squashed (default: all)."
    ),
    name: str = typer.Option("squashed", "--name", help="The name of the new file."),
) -> None:
    """Replace migrations by one file that is proven to build the same database.

    The file keeps every statement, in order: data, buckets, cron jobs, secrets, policies and
    triggers on the platform's tables. Nothing is merged; what goes are the files, their BEGIN and
    COMMIT.
    Both are built on local copies; files are replaced only if catalog and rows are the same.
    """
    from prospectr_db.cli.copies import copies
    from prospectr_db.migrations.squash import squash as merge
    from prospectr_db.report.plan import squashed

    run = invocation(context)
    report = merge(run.project, copies(run), to=to, name=name)
    run.show(report, verb="squash", text=squashed, ok=report.ok)
