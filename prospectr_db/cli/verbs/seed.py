"""`prospectr-db seed`: fill a database with the project's seed data."""

from __future__ import annotations

from pathlib import Path

import typer

from prospectr_db.cli.app import app, invocation
from prospectr_db.migrations.policy import When


@app.command()
def seed(
    context: typer.Context,
    when: When = typer.Option(
        When.ONCE,
        "--when",
        help="Which seeds run: those not yet recorded, also those that changed, or all.",
    ),
    confirm: str = typer.Option(
        None,
        "--confirm",
        metavar="NAME",
        help="The project ref or database name, where the database is not local.",
    ),
    api: bool = typer.Option(
        False,
        "--api",
        help="Create users and rows through the API: SUPABASE_URL, SUPABASE_SECRET_KEY.",
    ),
    document: Path = typer.Option(
        None,
        "--document",
        metavar="FILE",
        help="With --api: what to create (default: supabase/seed.api.json).",
        show_default=False,
    ),
) -> None:
    """Run the seeds that config.toml names, each in a transaction together with its record.

    On a hosted project [remotes.NAME] with its project_id decides: db.seed.enabled (false unless it
    says otherwise) and db.seed.sql_paths.
    """
    if api or document is not None:
        from prospectr_db.cli.data_api import seed_with_api

        seed_with_api(invocation(context), document, confirm)
        return
    from prospectr_db.cli.copies import project_for
    from prospectr_db.migrations.seed import seed as fill
    from prospectr_db.report.migrations import seeded

    run = invocation(context)
    target = run.target()
    project = project_for(run, target)
    run.confirm_destruction(target, confirm, what="Seeds write rows into the database")
    run.show(fill(target, project, when=when, on_event=run.progress.show), verb="seed", text=seeded)
