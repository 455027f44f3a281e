"""`prospectr-db serve`: the Data API and Auth over HTTP, for front-end work without Docker."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any

import typer

from prospectr_db.cli.app import app, invocation
from prospectr_db.cli.data_api import folder_of
from prospectr_db.errors import UsageError


@app.command()
def serve(
    context: typer.Context,
    port: int = typer.Option(
        None,
        "--port",
        metavar="PORT",
        min=0,
        max=65535,
        help="Where to listen (default: config.toml's api.port; 0: a free one).",
        show_default=False,
    ),
    confirmations: bool = typer.Option(
        False,
        "--confirmations",
        help="Sign-ups must confirm their address as config.toml says; the mail is in the log.",
    ),
    seed: bool = typer.Option(True, "--seed/--no-seed", help="Run the seeds as well."),
) -> None:
    """Serve a copy of the project's database as Supabase's API does, until interrupted.

    What is written through it goes when it ends. Needs Node.js.
    """
    from prospectr_db.api.node import find_program
    from prospectr_db.api.service import data_api, project_secret
    from prospectr_db.migrations.reset import disposable
    from prospectr_db.report.api import Serving, serving_text
    from prospectr_db.server.project_server import CHECKS

    run = invocation(context)
    if run.is_remote:
        raise UsageError(
            "serve works on a copy of the project's own database, and not on one that is named.",
            hint="Leave --db-url, --local, --project-ref and SUPABASE_DB_URL out.",
        )
    config, folder = run.project.config, folder_of(run)
    program = find_program(folder.parent, run.environment, on_event=run.progress.show)
    with (
        disposable(
            run.server(instance=CHECKS), run.project, seed=seed, on_event=run.progress.show
        ) as target,
        data_api(
            target,
            program,
            secret=project_secret(folder),
            log=folder / "serve.log",
            port=_port(config.raw) if port is None else port,
            schemas=[name for name in config.api_schemas if name != "graphql_public"],
            search_path=config.api_extra_search_path,
            max_rows=config.api_max_rows,
            auth=_auth(config.raw, confirmations=confirmations),
        ) as api,
    ):
        run.show(
            Serving(api.url, api.anon_key, api.service_key, api.log),
            verb="serve",
            text=serving_text,
        )
        sys.stdout.flush()
        _until_interrupted()


def _until_interrupted() -> None:
    """Wait for Ctrl-C, or for the signal that ends services: either is how serving ends well."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()


def _port(raw: Mapping[str, Any]) -> int:
    found = (raw.get("api") or {}).get("port", 54321)
    return found if isinstance(found, int) else 54321


def _auth(raw: Mapping[str, Any], *, confirmations: bool) -> dict[str, Any]:
    """Return what of [auth] the local service understands; sign-ups are confirmed by themselves."""
    given = raw.get("auth") or {}
    email = given.get("email") or {}
    known = (
        "site_url",
        "additional_redirect_urls",
        "jwt_expiry",
        "enable_signup",
        "minimum_password_length",
        "enable_refresh_token_rotation",
        "refresh_token_reuse_interval",
    )
    return {
        **{name: given[name] for name in known if name in given},
        "email": {
            "enable_signup": email.get("enable_signup", True),
            "enable_confirmations": confirmations and email.get("enable_confirmations", False),
        },
    }
