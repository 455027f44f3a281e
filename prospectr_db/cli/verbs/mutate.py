"""`prospectr-db mutate`: weaken every policy, grant and flag once, and see what is noticed."""

from __future__ import annotations

import typer

from prospectr_db.cli.app import app, invocation


@app.command()
def mutate(
    context: typer.Context,
    table: list[str] = typer.Option(
        None, "--table", metavar="TABLE", help="Only mutants of this table; may be repeated."
    ),
) -> None:
    """Weaken each policy, grant and flag on a clone; red where the access check misses one."""
    from prospectr_db.access.verify import mutate_target
    from prospectr_db.cli.copies import observed
    from prospectr_db.report.access_why import mutation_text

    run = invocation(context)
    with observed(run) as seen:
        report = mutate_target(seen.target, project=seen.project, only=tuple(table or ()))
    run.show(report, verb="mutate", text=mutation_text, ok=report.ok)
