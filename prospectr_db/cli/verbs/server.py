"""`prospectr-db server …`: the embedded PostgreSQL by hand."""

from __future__ import annotations

import os
import subprocess
import sys

import typer

from prospectr_db.cli.app import Invocation, invocation, server_app
from prospectr_db.errors import ServerError


def _status(run: Invocation, *, ok: bool = True) -> None:
    from prospectr_db.report.server import server_status
    from prospectr_db.server.embedded import status

    run.show(
        status(run.project.root, run.settings), verb="server status", text=server_status, ok=ok
    )


@server_app.command()
def start(
    context: typer.Context,
    tcp: str = typer.Option(
        None,
        "--tcp",
        metavar="PORT",
        help="Also listen on 127.0.0.1, with a password: a port, or `auto` for a free one.",
    ),
    fresh: bool = typer.Option(
        False, "--fresh", help="Throw the local data away and build the server anew."
    ),
) -> None:
    """Start the embedded server, or find it running."""
    from prospectr_db.server.embedded import ensure

    run = invocation(context)
    ensure(
        run.project.root,
        run.settings,
        tcp=_port(tcp),
        fresh=fresh,
        on_event=run.progress.show,
    )
    _status(run)


@server_app.command()
def stop(context: typer.Context) -> None:
    """Stop the embedded server, and the one that checks run on; their data stays."""
    from prospectr_db.report.server import server_stopped
    from prospectr_db.server.embedded import CHECKS, WORK, Stopped, stop

    run = invocation(context)
    stopped = tuple(
        instance
        for instance in (WORK, CHECKS)
        if stop(run.project.root, run.settings, instance=instance)
    )
    run.show(Stopped(stopped), verb="server stop", text=server_stopped)


@server_app.command()
def status(context: typer.Context) -> None:
    """Tell whether the server runs, its version, platform, and where its files are."""
    _status(invocation(context))


@server_app.command()
def url(context: typer.Context) -> None:
    """Print the URL for other clients; with --tcp it holds a password."""
    from prospectr_db.report.server import server_url
    from prospectr_db.server.embedded import ServerUrl

    run = invocation(context)
    run.show(ServerUrl(run.server().url().url(reveal=True)), verb="server url", text=server_url)


@server_app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def psql(context: typer.Context) -> None:
    """Open psql as postgres; further arguments are psql's own."""
    from prospectr_db.server.embedded import psql_command

    run = invocation(context)
    command = psql_command(run.server(), context.args)
    sys.stdout.flush()
    if command is None:
        raise ServerError(
            "This PostgreSQL installation has no psql.",
            hint="Use `prospectr-db server url` with a client of your own.",
        )
    raise typer.Exit(
        subprocess.run(command, check=False, env={**os.environ, "PGAPPNAME": "psql"}).returncode
    )


@server_app.command()
def logs(
    context: typer.Context,
    lines: int = typer.Option(50, "--lines", "-n", min=1, help="How many lines from the end."),
) -> None:
    """Print the end of the server's log."""
    from prospectr_db.report.server import server_log
    from prospectr_db.server.embedded import read_log

    run = invocation(context)
    run.show(
        read_log(run.project.root, run.settings, lines=lines), verb="server logs", text=server_log
    )


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "auto":
        return 0
    if text.isdigit() and 1024 <= int(text) <= 65535:
        return int(text)
    raise typer.BadParameter(f"{text!r} is not a port from 1024 to 65535, nor `auto`.")
