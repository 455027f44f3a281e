"""`prospectr-db server …`: the project's own PostgreSQL by hand, embedded or in Docker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import typer

from prospectr_db.cli.app import Invocation, invocation, server_app
from prospectr_db.errors import ServerError


def _status(run: Invocation, *, ok: bool = True) -> None:
    from prospectr_db.report.server import container_status, server_status

    if run.uses_docker:
        from prospectr_db.server import docker

        found = docker.status(run.project.root)
        run.show(found, verb="server status", text=container_status, ok=ok)
        return
    from prospectr_db.server.inspection import status

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
    if run.uses_docker:
        if tcp is not None:
            raise typer.BadParameter("a container always listens; see `server url --docker`.")
        run.server(fresh=fresh)
        _status(run)
        return
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
    """Stop the embedded servers, whose data stays, and remove the project's containers.

    With --docker only the containers.
    """
    from prospectr_db.report.server import server_stopped
    from prospectr_db.server.docker import has_containers
    from prospectr_db.server.docker import stop as stop_container
    from prospectr_db.server.embedded import stop
    from prospectr_db.server.inspection import Stopped
    from prospectr_db.server.project_server import INSTANCES

    run = invocation(context)
    root = run.project.root
    stopped: tuple[str, ...] = ()
    if not run.uses_docker:
        stopped = tuple(
            instance for instance in INSTANCES if stop(root, run.settings, instance=instance)
        )
    if run.uses_docker or has_containers(root, run.settings):
        stopped += tuple(
            f"{instance} (container)"
            for instance in INSTANCES
            if stop_container(root, run.settings, instance=instance)
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
    from prospectr_db.server.inspection import ServerUrl

    run = invocation(context)
    run.show(ServerUrl(run.server().url().url(reveal=True)), verb="server url", text=server_url)


@server_app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def psql(context: typer.Context) -> None:
    """Open psql as postgres; further arguments are psql's own."""
    run = invocation(context)
    command, secrets = _psql(run, context.args)
    sys.stdout.flush()
    if command is None:
        raise ServerError(
            "This PostgreSQL installation has no psql.",
            hint="Use `prospectr-db server url` with a client of your own.",
        )
    raise typer.Exit(
        subprocess.run(
            command, check=False, env={**os.environ, "PGAPPNAME": "psql", **secrets}
        ).returncode
    )


@server_app.command()
def logs(
    context: typer.Context,
    lines: int = typer.Option(50, "--lines", "-n", min=1, help="How many lines from the end."),
) -> None:
    """Print the end of the server's log."""
    from prospectr_db.report.server import server_log
    from prospectr_db.server.inspection import read_log

    run = invocation(context)
    if run.uses_docker:
        from prospectr_db.server import docker
        from prospectr_db.server.inspection import ServerLog

        run.show(
            ServerLog(*docker.logs(run.project.root, lines=lines)),
            verb="server logs",
            text=server_log,
        )
        return
    run.show(
        read_log(run.project.root, run.settings, lines=lines), verb="server logs", text=server_log
    )


def _psql(run: Invocation, arguments: Sequence[str]) -> tuple[list[str] | None, dict[str, str]]:
    """Return the command that opens psql, and what only its environment may tell it."""
    if not run.uses_docker:
        from prospectr_db.server.embedded import EmbeddedServer
        from prospectr_db.server.inspection import psql_command

        server = run.server()
        assert isinstance(server, EmbeddedServer)  # noqa: S101 - there are two kinds
        return psql_command(server, arguments), {}
    from prospectr_db.pgtap.suite import find_psql

    url = run.server().url()
    password = url.reveal().get("password", "")
    shown = url.replace(password=None).url()
    return [str(find_psql(None)), shown, *arguments], {"PGPASSWORD": password}


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "auto":
        return 0
    if text.isdigit() and 1024 <= int(text) <= 65535:
        return int(text)
    raise typer.BadParameter(f"{text!r} is not a port from 1024 to 65535, nor `auto`.")
