"""`prospectr-db reset`: the project's database, from nothing, as its files say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from prospectr_db.cli.app import Invocation, app, invocation

if TYPE_CHECKING:
    from prospectr_db.migrations.reset import Reset


@app.command()
def reset(
    context: typer.Context,
    seed: bool = typer.Option(True, "--seed/--no-seed", help="Run the seeds as well."),
    to: str = typer.Option(None, "--to", metavar="VERSION", help="Stop after this migration."),
    confirm: str = typer.Option(
        None,
        "--confirm",
        metavar="NAME",
        help="The project ref or database name, where the database is not local.",
    ),
    rehearsal: bool = typer.Option(
        True,
        "--rehearsal/--no-rehearsal",
        help="With --db-url: run everything on a local database first, and stop if that fails.",
    ),
) -> None:
    """Rebuild the database from its migrations and seeds; unchanged files come from a copy."""
    from prospectr_db.report.reset import reset_done

    run = invocation(context)
    report = (
        _remote(run, seed=seed, to=to, confirm=confirm, rehearsal=rehearsal)
        if run.is_remote
        else _local(run, seed=seed, to=to)
    )
    run.show(report, verb="reset", text=reset_done)


def _local(run: Invocation, *, seed: bool, to: str | None) -> Reset:
    from prospectr_db.migrations.reset import reset

    return reset(run.server(), run.project, seed=seed, to=to, on_event=run.progress.show)


def _remote(
    run: Invocation, *, seed: bool, to: str | None, confirm: str | None, rehearsal: bool
) -> Reset:
    from prospectr_db.cli.copies import project_for
    from prospectr_db.migrations.reset import prepare
    from prospectr_db.migrations.reset_remote import reset_remote
    from prospectr_db.server.embedded import CHECKS

    target = run.target()
    project = project_for(run, target)
    run.confirm_destruction(
        target, confirm, what="A reset drops everything that the project's migrations made"
    )
    return reset_remote(
        target,
        project,
        seed=seed,
        to=to,
        rehearse=(lambda: prepare(run.server(instance=CHECKS), project, seed=seed, to=to))
        if rehearsal
        else None,
        on_event=run.progress.show,
    )
