"""`prospectr-db platform …`: is the local Supabase the one that a project runs on?"""

from __future__ import annotations

import typer

from prospectr_db.cli.app import app, invocation

platform_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(platform_app, name="platform", help="The part of the database that Supabase owns.")


@platform_app.callback()
def _platform() -> None:
    """Make `check` a command of its own, although it is the only one."""


@platform_app.command()
def check(
    context: typer.Context,
    profile: str = typer.Option(
        None,
        "--profile",
        metavar="c|s",
        help="Compare with a project of autumn 2026 (c) or mid-2025 (s); "
        "default: whichever fits better.",
        show_default=False,
    ),
) -> None:
    """Compare a database with what a hosted Supabase project looks like."""
    from prospectr_db.database.connection import connect
    from prospectr_db.errors import UsageError
    from prospectr_db.platform.check import check as compare
    from prospectr_db.platform.install import Profile
    from prospectr_db.report.platform import platform_check

    if profile is not None and profile.lower() not in [era.value for era in Profile]:
        raise UsageError(
            f"There is no profile {profile!r}.",
            hint="Use c for a current Supabase project, or s for one of mid-2025.",
        )
    run = invocation(context)
    with connect(run.target()) as connection:
        report = compare(connection, Profile(profile.lower()) if profile else None)
    run.show(report, verb="platform check", text=platform_check, ok=report.is_as_believed)
