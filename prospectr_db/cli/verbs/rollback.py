"""`prospectr-db rollback`: take migrations back."""

from __future__ import annotations

import typer

from prospectr_db.cli.app import Invocation, app, invocation


@app.command()
def rollback(
    context: typer.Context,
    to: str = typer.Option(
        None, "--to", metavar="VERSION", help="Take back all after this one (default: the newest)."
    ),
    check: bool = typer.Option(
        False,
        "--check",
        help="Change nothing: try every rollback up, down and up on a local copy; exit 1 if one "
        "leaves anything behind.",
    ),
    confirm: str = typer.Option(
        None,
        "--confirm",
        metavar="NAME",
        help="The project ref or database name, where the database is not local.",
    ),
) -> None:
    """Run supabase/rollbacks/VERSION_name.sql and take the version out of the history."""
    run = invocation(context)
    if check:
        _check(run)
        return
    from prospectr_db.migrations.rollback import rollback as undo
    from prospectr_db.report.history import undone

    project, target = run.project, run.target()
    run.confirm_destruction(target, confirm, what="A rollback may drop tables and their rows")
    run.show(undo(target, project, to=to, on_event=run.progress.show), verb="rollback", text=undone)


def _check(run: Invocation) -> None:
    from dataclasses import replace

    from prospectr_db.database.connection import connect_as_migrator
    from prospectr_db.migrations.reset import disposable
    from prospectr_db.migrations.rollback import check_rollbacks
    from prospectr_db.report.history import rollbacks_checked
    from prospectr_db.server.embedded import CHECKS

    project = run.project
    empty = replace(project, migrations=(), seeds=())
    with (
        disposable(run.server(instance=CHECKS), empty, seed=False) as copy,
        connect_as_migrator(copy, autocommit=True) as connection,
    ):
        report = check_rollbacks(connection, project)
    run.show(report, verb="rollback", text=rollbacks_checked, ok=report.ok)
