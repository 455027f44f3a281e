"""What every server that a project's database can be built on offers, embedded or in Docker.

A server keeps template databases, and a memory of them in a database of its own; whatever builds,
copies or drops databases speaks to this and not to one kind of server.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from psycopg import sql

from prospectr_db.database.connection import connect_admin
from prospectr_db.database.target import Target
from prospectr_db.server.templates import Template, Templates

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.platform.install import Profile
    from prospectr_db.platform.sources import Source

__all__ = [
    "CHECKS",
    "COPIES",
    "DATABASE",
    "INSTANCES",
    "MEMORY",
    "MIGRATOR",
    "SUPERUSER",
    "WORK",
    "ProjectServer",
    "create_memory",
    "freshen",
    "platform_template",
]

WORK = "work"
"""The server that a developer works on: its database ``postgres`` is his."""
CHECKS = "checks"
"""The server that tests and checks run on: its databases come and go."""
COPIES = "copies"
"""The server on which hosted projects are rebuilt: its roles are theirs for the moment."""
INSTANCES = (WORK, CHECKS, COPIES)
"""Every server that a project may have."""

DATABASE = "postgres"
MEMORY = "prospectr_db"
MIGRATOR = "postgres"
SUPERUSER = "supabase_admin"


class ProjectServer(Protocol):
    """A running server of a project."""

    def target(self, database: str = DATABASE) -> Target:
        """Return one of its databases, with its superuser's login."""

    def url(self) -> Any:
        """Return the Dsn that other clients connect with."""

    def memory(self) -> AbstractContextManager[Connection[Any]]:
        """Open a superuser's autocommit connection to the server's own database."""

    def platform(self, connection: Connection[Any], *, expose: bool | None = None) -> Template:
        """Return the template that holds the platform alone; ``connection`` is `memory`."""

    def freshen(self, template: Template, database: str) -> None:
        """Give a copy of a template from an earlier day what the platform makes each day."""

    def offer(self, source: Source, name: str) -> None:
        """Make one more extension that is SQL only available for CREATE EXTENSION."""

    @property
    def programs(self) -> Path | None:
        """The folder of this server's client programs on this machine, or None."""


def create_memory(server: ProjectServer) -> None:
    """Create the database in which the server remembers its templates; harmless if it is there."""
    with connect_admin(server.target("template1"), autocommit=True) as connection:
        there = connection.execute(
            "select 1 from pg_catalog.pg_database where datname = %s", (MEMORY,)
        ).fetchone()
        if not there:
            connection.execute(
                sql.SQL("create database {} strategy file_copy").format(sql.Identifier(MEMORY))
            )
    with server.memory() as connection:
        Templates(connection).prepare()


def platform_template(
    server: ProjectServer,
    connection: Connection[Any],
    *,
    key: str,
    profile: Profile,
    expose: bool | None,
) -> Template:
    """Return the template of our own platform layer under a key, installing it first if need be.

    ``connection`` is the server's memory.
    """
    from prospectr_db.platform.install import install

    templates = Templates(connection)
    kept = templates.find(key)
    if kept:
        return kept
    draft = f"platform_{key}"
    connection.execute(
        sql.SQL("create database {} template template0 owner {} strategy file_copy").format(
            sql.Identifier(draft), sql.Identifier(MIGRATOR)
        )
    )
    with connect_admin(server.target(draft)) as inside:
        install(inside, profile=profile, expose=expose)
    template = templates.take(draft, key, is_base=True)
    connection.execute(sql.SQL("drop database {}").format(sql.Identifier(draft)))
    return template


def freshen(server: ProjectServer, template: Template, database: str) -> None:
    """Make realtime's partitions in a copy of a template that was taken on an earlier day."""
    if template.is_from_today:
        return
    from prospectr_db.platform.install import ensure_realtime_partitions

    with connect_admin(server.target(database)) as connection:
        ensure_realtime_partitions(connection)
