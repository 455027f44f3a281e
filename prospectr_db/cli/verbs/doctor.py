"""`prospectr-db doctor`: can this database be worked with, and where does it differ from here?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from prospectr_db.cli.app import Invocation, app, invocation

if TYPE_CHECKING:
    from prospectr_db.doctor import Baseline


@app.command()
def doctor(
    context: typer.Context,
    compare: bool = typer.Option(
        True,
        "--compare/--no-compare",
        help="Hold the database to a local one, built from the project's files.",
    ),
) -> None:
    """Examine the database without writing: reach, encryption, role, version, owners, exposure."""
    from prospectr_db.doctor import examine
    from prospectr_db.report.doctor import doctor_text

    run = invocation(context)
    report = examine(
        run.target(),
        run.project.config,
        baseline=(lambda: _baseline(run)) if compare else None,
    )
    run.show(report, verb="doctor", text=doctor_text, ok=report.ok)


def _baseline(run: Invocation) -> Baseline:
    from prospectr_db.cli.copies import throwaway
    from prospectr_db.doctor import baseline_of

    with throwaway(run) as local:
        return baseline_of(local)
