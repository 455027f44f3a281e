"""What every verb shares: the global options, the project, the target, and how results leave."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from prospectr_db.errors import ConfigError, ConfirmationRequiredError, UsageError
from prospectr_db.report.progress import Progress
from prospectr_db.report.style import Style

if TYPE_CHECKING:
    from prospectr_db.database.target import Target
    from prospectr_db.project import Project
    from prospectr_db.server.project_server import ProjectServer
    from prospectr_db.server.settings import ServerSettings

__all__ = ["Invocation", "app", "invocation", "server_app"]

R = TypeVar("R")

app = typer.Typer(
    name="prospectr-db",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
server_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(
    server_app, name="server", help="The embedded PostgreSQL: start, stop, status, url, psql, logs."
)


@dataclass
class Invocation:
    """One run of the command: its global options, and the environment, read here and only here."""

    project_dir: Path
    db_url: str | None
    as_json: bool
    verbose: bool
    docker: bool = False
    image: str | None = None
    local: bool = False
    project_ref: str | None = None
    region: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @cached_property
    def style(self) -> Style:
        """How text is laid out on standard output."""
        return Style.for_stream(sys.stdout, self.environment)

    @cached_property
    def progress(self) -> Progress:
        """Where events go: lines on standard error."""
        return Progress(
            sys.stderr,
            Style.for_stream(sys.stderr, self.environment),
            quiet=self.as_json and not self.verbose,
        )

    @cached_property
    def project(self) -> Project:
        """The project; raises ProjectNotFoundError, ConfigError or MigrationFileError."""
        from prospectr_db.project import load

        return load(self.project_dir, environment=self.environment)

    @cached_property
    def settings(self) -> ServerSettings:
        """The choices about the embedded server, from PROSPECTR_DB_* variables."""
        from prospectr_db.server.settings import settings_from

        return settings_from(self.environment, is_root=os.geteuid() == 0)

    @property
    def is_remote(self) -> bool:
        """Whether a database was named, instead of a server of the project's own."""
        self._check_one_database()
        return self.local or self.project_ref is not None or self._url() is not None

    @property
    def uses_docker(self) -> bool:
        """Whether the project's own server is a container and not the embedded one."""
        return self.docker or self.image is not None

    def server(self, *, instance: str = "work", fresh: bool = False) -> ProjectServer:
        """The project's own server, embedded or in Docker, started if need be.

        ``fresh``: thrown away first, with its data.
        """
        self._check_one_database()
        if self.uses_docker:
            from prospectr_db.server.docker import ensure as ensure_container

            return ensure_container(
                self.project,
                self.settings,
                image=self.image,
                instance=instance,
                fresh=fresh,
                on_event=self.progress.show,
            )
        from prospectr_db.server.embedded import ensure

        return ensure(
            self.project.root,
            self.settings,
            instance=instance,
            fresh=fresh,
            on_event=self.progress.show,
        )

    def target(self) -> Target:
        """The database that the command speaks to: the one named, or the project's own."""
        if not self.is_remote:
            return self.server().target()
        if self.project_ref is not None:
            from prospectr_db.server.hosted import hosted_target

            password = self.environment.get("SUPABASE_DB_PASSWORD", "")
            return hosted_target(self.project_ref, password, self.region)
        if self.local:
            from prospectr_db.server.local_stack import find_local_stack

            return find_local_stack(
                self.project.root,
                port=self.project.config.db_port,
                environment=self.environment,
            )
        from prospectr_db.server.url import target_from_url

        return target_from_url(self._url() or "")

    def confirm_destruction(self, target: Target, confirmed: str | None, *, what: str) -> None:
        """Require the target's name before data on a database that is not local is destroyed."""
        if target.is_local:
            return
        if confirmed is None and sys.stdin.isatty() and not self.as_json:
            confirmed = typer.prompt(f"{what}. Type {target.name} to go on", err=True)
        if confirmed != target.name:
            raise ConfirmationRequiredError(
                f"{what}, and {target.name} is not a local database. Nothing was changed."
                if confirmed is None
                else f"{confirmed!r} is not {target.name!r}. Nothing was changed.",
                hint=f"Give --confirm {target.name} if that is what you want.",
            )

    def show(
        self, report: R, *, verb: str, text: Callable[[R, Style], str], ok: bool = True
    ) -> None:
        """Print a report: one JSON document, or text; exits 1 where the answer is no."""
        if self.as_json:
            from prospectr_db.report.jsons import document

            print(json.dumps(document(report, verb=verb, ok=ok), indent=2))  # noqa: T201
        else:
            rendered = text(report, self.style)
            if rendered:
                print(rendered)  # noqa: T201
        if not ok:
            raise typer.Exit(1)

    def _check_one_database(self) -> None:
        """Refuse options that name two databases: whichever won, somebody would be surprised."""
        given = [
            option
            for option, is_given in (
                ("--db-url", self.db_url is not None),
                ("--project-ref", self.project_ref is not None),
                ("--local", self.local),
                ("--docker", self.uses_docker),
            )
            if is_given
        ]
        if len(given) > 1:
            raise UsageError(
                f"{' and '.join(given)} name different databases.", hint="Give one of them."
            )
        if self.region is not None and self.project_ref is None:
            raise UsageError(
                "--region belongs to --project-ref.",
                hint="With --db-url the host already says where the pooler is.",
            )

    def _url(self) -> str | None:
        if self.uses_docker or self.local or self.project_ref is not None:
            return None  # an option outweighs the environment
        if self.db_url is not None:
            if not self.db_url.strip():
                raise UsageError(
                    "--db-url is empty.",
                    hint="Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE.",
                )
            return self.db_url
        return self.environment.get("SUPABASE_DB_URL") or None


def invocation(context: typer.Context) -> Invocation:
    """Return the run that a verb belongs to."""
    found = context.find_object(Invocation)
    if found is None:  # only where a verb is called without main()
        raise ConfigError("The command was called without its global options.")
    return found


def _print_version(wanted: bool) -> None:
    if wanted:
        from prospectr_db import __version__

        print(f"prospectr-db {__version__}")  # noqa: T201
        raise typer.Exit(0)


@app.callback()
def _options(  # the docstring is the help text
    context: typer.Context,
    project: Path = typer.Option(
        Path(),
        "--project",
        metavar="DIR",
        help="The folder that holds supabase/ (default: here).",
        show_default=False,
    ),
    db_url: str = typer.Option(
        None,
        "--db-url",
        metavar="URL",
        help="A database to use instead of the embedded one (or SUPABASE_DB_URL).",
        show_default=False,
    ),
    project_ref: str = typer.Option(
        None,
        "--project-ref",
        metavar="REF",
        help="A hosted Supabase project; its password is in SUPABASE_DB_PASSWORD.",
        show_default=False,
    ),
    region: str = typer.Option(
        None,
        "--region",
        metavar="REGION",
        help="With --project-ref: go through the session pooler there (IPv4).",
        show_default=False,
    ),
    local: bool = typer.Option(
        False, "--local", help="The stack that `supabase start` started for this project."
    ),
    docker: bool = typer.Option(
        False, "--docker", help="Supabase's own image in Docker instead of the embedded server."
    ),
    image: str = typer.Option(
        None,
        "--image",
        metavar="IMAGE",
        help="Another image; implies --docker.",
        show_default=False,
    ),
    as_json: bool = typer.Option(
        False, "--json", help="Print exactly one JSON document, errors included."
    ),
    verbose: bool = typer.Option(False, "--verbose", help="Tell more on standard error."),
    version: bool = typer.Option(  # noqa: ARG001 - its callback answers, before any verb
        False,
        "--version",
        is_eager=True,
        callback=_print_version,
        help="Print the version and exit.",
    ),
) -> None:
    """Supabase migrations on an embedded Postgres, and proof of who can do what to which row."""
    context.obj = Invocation(
        project_dir=project,
        db_url=db_url,
        as_json=as_json,
        verbose=verbose,
        docker=docker,
        image=image,
        local=local,
        project_ref=project_ref,
        region=region,
    )
