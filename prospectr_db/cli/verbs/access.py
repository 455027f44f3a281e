"""`prospectr-db access`: who can do what to which rows and columns, observed, written, checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from prospectr_db.cli.app import Invocation, app, invocation

if TYPE_CHECKING:
    from prospectr_db.access.check import CheckReport

    Files = dict[str, Path | None]

access_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="Who can do what to which rows and columns: show, check, write, why.",
)
app.add_typer(access_app, name="access")


@access_app.callback()
def show(context: typer.Context) -> None:
    """Observe the project's access and show it as a table."""
    if context.invoked_subcommand is not None:
        return
    from prospectr_db.access.verify import check_target
    from prospectr_db.cli.copies import observed
    from prospectr_db.report.access import observed_text

    run = invocation(context)
    with observed(run, believed=False) as seen:
        report = check_target(
            seen.target, project=seen.project, hosted=seen.hosted, older=seen.older
        )
    run.show(report, verb="access", text=observed_text, ok=report.ok)


@access_app.command()
def check(
    context: typer.Context,
    junit: Path = typer.Option(None, "--junit", metavar="FILE", help="Write JUnit XML as well."),
    sarif: Path = typer.Option(None, "--sarif", metavar="FILE", help="Write SARIF as well."),
    markdown: Path = typer.Option(
        None, "--markdown", metavar="FILE", help="Write a Markdown summary as well."
    ),
    html: Path = typer.Option(None, "--html", metavar="FILE", help="Write an HTML page as well."),
    api: bool = typer.Option(
        False,
        "--api",
        help="Over HTTP: ask the Data API through the official client, compare it with the "
        "database cell by cell, and hold what it lets through to the contract.",
    ),
) -> None:
    """Hold the database to supabase/access.toml; without one, to what a careful reviewer asks."""
    run = invocation(context)
    files: Files = {"junit": junit, "sarif": sarif, "markdown": markdown, "html": html}
    if api:
        from prospectr_db.cli.data_api import compare_with_api
        from prospectr_db.report.api import comparison_text

        compared = compare_with_api(run)
        _hand_over(run, compared.held.check, files)
        run.show(compared, verb="access check --api", text=comparison_text, ok=compared.ok)
        return
    from prospectr_db.access.verify import check_target
    from prospectr_db.cli.copies import observed
    from prospectr_db.report.access import check_text

    with observed(run, believed=False) as seen:
        report = check_target(
            seen.target, project=seen.project, hosted=seen.hosted, older=seen.older
        )
    _hand_over(run, report, files)
    run.show(report, verb="access check", text=check_text, ok=report.ok)


def _hand_over(run: Invocation, report: CheckReport, files: Files) -> None:
    """Write the files that were asked for; where GitHub runs this, tell it too."""
    from prospectr_db.report.access_files import write_reports
    from prospectr_db.report.access_github import github_annotations

    write_reports(report, run.project, environment=run.environment, **files)
    if run.environment.get("GITHUB_ACTIONS") == "true" and not run.as_json:
        typer.echo(github_annotations(report, run.project))


@access_app.command()
def write(context: typer.Context) -> None:
    """Write what is observed to supabase/access.toml; comments and reasons are kept."""
    from prospectr_db.access.verify import write_contract
    from prospectr_db.cli.copies import observed
    from prospectr_db.report.access import written_text

    run = invocation(context)
    with observed(run) as seen:
        report = write_contract(seen.target, seen.project, older=seen.older)
    run.show(report, verb="access write", text=written_text)


@access_app.command()
def why(
    context: typer.Context,
    table: str = typer.Argument(..., help="The table, with its schema unless that is public."),
    persona: str = typer.Option("stranger", "--as", metavar="PERSONA", help="Who asks."),
    command: str = typer.Option("select", "--command", help="select, insert, update or delete."),
    column: str = typer.Option(None, "--column", help="Only this column."),
    rows: str = typer.Option(
        None, "--rows", metavar="CLASS", help="Which rows: own, other, orphan, 'own [status=sent]'."
    ),
) -> None:
    """Show why a persona can or cannot: rows, statement, grants, each policy's parts."""
    from prospectr_db.access.contract.contract import read_contract
    from prospectr_db.access.matrix.given import NOTHING
    from prospectr_db.access.observation import prepared
    from prospectr_db.access.verify import contract_path, exposed_schemas
    from prospectr_db.access.witness.why import explain
    from prospectr_db.cli.copies import observed
    from prospectr_db.report.access_why import why_text

    run = invocation(context)
    with observed(run) as seen:
        contract = read_contract(contract_path(seen.project))
        with prepared(
            seen.target,
            exposed=exposed_schemas(seen.project),
            given=contract.given if contract else NOTHING,
        ) as observation:
            report = explain(
                observation, table, persona=persona, command=command, column=column, rows=rows
            )
    run.show(report, verb="access why", text=why_text)
