"""What can be told of a project's server without starting it: status, log, and how to open psql."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prospectr_db.server import cluster
from prospectr_db.server.account import server_account
from prospectr_db.server.binaries import find_binaries
from prospectr_db.server.embedded import EmbeddedServer, server_layout, why_rebuild
from prospectr_db.server.project_server import WORK
from prospectr_db.server.settings import ServerSettings

__all__ = [
    "ServerLog",
    "ServerStatus",
    "ServerUrl",
    "Stopped",
    "psql_command",
    "read_log",
    "status",
]


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What `server status` tells. ``up_to_date`` is false where the next start will rebuild."""

    running: bool
    instance: str
    version: str | None
    profile: str | None
    revision: str | None
    up_to_date: bool
    process_id: int | None
    data_directory: str
    log: str
    url: str | None
    databases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """Which of the project's servers were running and are now stopped."""

    stopped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """What other clients connect with, its password included: that is what it is for."""

    url: str


@dataclass(frozen=True, slots=True)
class ServerLog:
    """The end of a server's log."""

    path: str
    lines: tuple[str, ...]


def status(project_root: Path, settings: ServerSettings, *, instance: str = WORK) -> ServerStatus:
    """Tell what is known of the project's server, starting nothing."""
    layout = server_layout(project_root, settings, instance)
    record = cluster.read_record(layout)
    running = record is not None and cluster.is_up(layout, record)
    server = EmbeddedServer(layout, record) if record else None
    databases: tuple[str, ...] = ()
    if running and server:
        with server.memory() as connection:
            databases = tuple(
                name
                for (name,) in connection.execute(
                    "select datname from pg_catalog.pg_database"
                    " where not datistemplate and datname <> current_database() order by datname"
                )
            )
    return ServerStatus(
        running=running,
        instance=instance,
        version=record.version if record else None,
        profile=record.profile if record else None,
        revision=record.revision if record else None,
        up_to_date=record is None or why_rebuild(record, settings) is None,
        process_id=cluster.postmaster(layout),
        data_directory=str(layout.data),
        log=str(layout.log),
        url=server.url().url() if running and server else None,
        databases=databases,
    )


def read_log(
    project_root: Path, settings: ServerSettings, *, lines: int, instance: str = WORK
) -> ServerLog:
    """Return the last lines of the project's server log."""
    layout = server_layout(project_root, settings, instance)
    found = cluster.log_tail(layout, most=lines * 1_000).splitlines()
    return ServerLog(str(layout.log), tuple(found[-lines:]))


def psql_command(server: EmbeddedServer, arguments: Sequence[str]) -> list[str] | None:
    """Return the command that opens psql on the working database, or None where there is none."""
    beside = find_binaries(
        Path(server.record.bin_dir) if server.record.bin_dir else None,
        server.layout,
        server_account(),
    ).program("psql")
    program = str(beside) if beside.is_file() else shutil.which("psql")
    if program is None:
        return None
    return [program, server.target().dsn.url(), *arguments]
