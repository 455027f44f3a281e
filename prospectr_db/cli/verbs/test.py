"""`prospectr-db test`: the project's pgTAP suite, as `supabase test db` runs it."""

from __future__ import annotations

from pathlib import Path

import typer

from prospectr_db.cli.app import app, invocation


@app.command("test")
def run_suite(
    context: typer.Context,
    paths: list[Path] = typer.Argument(
        None, metavar="[PATHS]...", help="Test files or folders (default: supabase/tests)."
    ),
    junit: Path = typer.Option(
        None, "--junit", metavar="FILE", help="Write the result as JUnit XML as well."
    ),
    confirm: str = typer.Option(
        None,
        "--confirm",
        metavar="NAME",
        help="The project ref or database name, where the database is not local.",
    ),
) -> None:
    """Run the pgTAP tests on a throwaway copy of the database, or on the one --db-url names."""
    from prospectr_db.pgtap import find_tests
    from prospectr_db.pgtap.suite import run_on_fresh, run_on_target
    from prospectr_db.report.pgtap import suite_junit, suite_text
    from prospectr_db.server.embedded import CHECKS

    run = invocation(context)
    chosen = list(paths or [run.project.root / "supabase" / "tests"])
    files = find_tests(chosen)
    folder = chosen[0] if chosen[0].is_dir() else chosen[0].parent
    show = run.progress.show
    if run.is_remote:
        target = run.target()
        run.confirm_destruction(
            target, confirm, what="Test files run as they are, and what they commit stays"
        )
        report = run_on_target(
            target, files, folder=folder, environment=run.environment, on_event=show
        )
    else:
        report = run_on_fresh(
            run.server(instance=CHECKS),
            run.project,
            files,
            folder=folder,
            environment=run.environment,
            on_event=show,
        )
    if junit is not None:
        junit.write_text(suite_junit(report), encoding="utf-8")
    run.show(report, verb="test", text=suite_text, ok=report.ok)
