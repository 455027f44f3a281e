"""The embedded server of a project: found again in milliseconds, or started, or rebuilt."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from prospectr_db.database.connection import connect_admin
from prospectr_db.database.diagnosis import diagnose
from prospectr_db.database.dsn import Dsn
from prospectr_db.database.target import Target
from prospectr_db.errors import ProspectrError, ServerError
from prospectr_db.server import cluster
from prospectr_db.server.account import server_account
from prospectr_db.server.binaries import Binaries, find_binaries
from prospectr_db.server.cluster import Record
from prospectr_db.server.events import (
    Initialising,
    InstallingPlatform,
    Rebuilding,
    Restarting,
    Started,
)
from prospectr_db.server.layout import Layout, layout_for
from prospectr_db.server.project_server import (
    CHECKS,
    COPIES,
    DATABASE,
    MEMORY,
    MIGRATOR,
    WORK,
    create_memory,
    freshen,
    platform_template,
)
from prospectr_db.server.settings import ServerSettings
from prospectr_db.server.templates import Template, Templates

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.platform.sources import Source

__all__ = [
    "CHECKS",
    "COPIES",
    "DATABASE",
    "WORK",
    "EmbeddedServer",
    "ensure",
    "find",
    "server_layout",
    "stop",
    "why_rebuild",
]

_ANY_PORT = 0

OnEvent = Callable[[object], None]


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running server."""

    layout: Layout
    record: Record

    def target(self, database: str = DATABASE) -> Target:
        """Return one of its databases, reached through the private socket."""
        socket_dsn = Dsn(
            {
                "host": str(self.layout.socket),
                "port": str(self.record.port or cluster.SOCKET_PORT),
                "dbname": database,
            }
        )
        return Target(
            dsn=socket_dsn.replace(user=MIGRATOR),
            kind="embedded",
            name=f"the embedded server's database {database}",
            admin=socket_dsn.replace(user=cluster.SUPERUSER),
        )

    def url(self) -> Dsn:
        """Return what other clients connect with: TCP with a password where that is on."""
        if self.record.port is None:
            return self.target().dsn
        return Dsn(
            {
                "user": MIGRATOR,
                "password": self.record.password or "",
                "host": "127.0.0.1",
                "port": str(self.record.port),
                "dbname": DATABASE,
                "sslmode": "disable",
            }
        )

    @contextmanager
    def memory(self) -> Iterator[Connection[Any]]:
        """Open a superuser's autocommit connection to the server's own database."""
        with connect_admin(self.target(MEMORY), autocommit=True) as connection:
            yield connection

    def platform(self, connection: Connection[Any], *, expose: bool | None = None) -> Template:
        """Return the template that holds the platform alone; ``connection`` is `memory`.

        ``expose`` is config.toml's api.auto_expose_new_tables; None is the profile's own way.
        """
        from prospectr_db.platform.install import Profile

        return platform_template(
            self,
            connection,
            key=platform_key(self.record, expose),
            profile=Profile(self.record.profile),
            expose=expose,
        )

    def freshen(self, template: Template, database: str) -> None:
        """Give a copy of a template from an earlier day what the platform makes each day."""
        freshen(self, template, database)

    def offer(self, source: Source, name: str) -> None:
        """Make one more extension available, until the server's folder is prepared anew."""
        from prospectr_db.platform import extensions

        if not (self.layout.extensions / "extension" / f"{name}.control").exists():
            extensions.add(self.layout.extensions, source, name)

    @property
    def programs(self) -> Path | None:
        """The chosen PostgreSQL's own folder, or None for the embedded one."""
        return Path(self.record.bin_dir) if self.record.bin_dir else None


def platform_key(record: Record, expose: bool | None) -> str:
    """Return the key of the platform's own template."""
    exposure = {None: "", True: "_exposed", False: "_closed"}[expose]
    return f"platform_{record.revision}{exposure}"


def find(
    project_root: Path, settings: ServerSettings, *, instance: str = WORK
) -> EmbeddedServer | None:
    """Return the project's server if it is running as it should be, in well under 10 ms."""
    layout = server_layout(project_root, settings, instance)
    record = cluster.read_record(layout)
    if record is None or why_rebuild(record, settings) or not cluster.is_up(layout, record):
        return None
    return EmbeddedServer(layout, record)


def ensure(
    project_root: Path,
    settings: ServerSettings,
    *,
    instance: str = WORK,
    tcp: int | None = None,
    fresh: bool = False,
    on_event: OnEvent = lambda _event: None,
) -> EmbeddedServer:
    """Return the project's server, starting or rebuilding it first where that is needed.

    ``tcp``: a port to listen on at 127.0.0.1, 0 for a free one, None to leave that as it is.
    ``fresh``: throw the data directory away. Raises ServerError with what to do about it.
    """
    if not fresh:
        found = find(project_root, settings, instance=instance)
        if found and (tcp is None or _listens(found.record, tcp)):
            return found
    layout = server_layout(project_root, settings, instance)
    with cluster.exclusive(layout):
        return _start(layout, settings, project_root, tcp=tcp, fresh=fresh, on_event=on_event)


def stop(project_root: Path, settings: ServerSettings, *, instance: str = WORK) -> bool:
    """Stop the project's server; return whether one was running."""
    layout = server_layout(project_root, settings, instance)
    if not layout.root.exists():
        return False
    account = server_account(settings.account)
    with cluster.exclusive(layout):
        if cluster.postmaster(layout) is None:
            return False
        return cluster.stop(layout, find_binaries(settings.bin_dir, layout, account), account)


def server_layout(project_root: Path, settings: ServerSettings, instance: str) -> Layout:
    """Return where a project's server keeps its files."""
    account = server_account(settings.account)
    return layout_for(settings.home, project_root, instance=instance, uid=account.uid)


def _start(
    layout: Layout,
    settings: ServerSettings,
    project_root: Path,
    *,
    tcp: int | None,
    fresh: bool,
    on_event: OnEvent,
) -> EmbeddedServer:
    from prospectr_db.platform import extensions, libraries, pgtap
    from prospectr_db.platform.install import revision

    begun = time.monotonic()
    account = server_account(settings.account)
    binaries = find_binaries(settings.bin_dir, layout, account)
    record = cluster.read_record(layout)
    port = _port(record, tcp)
    reason = "--fresh was given" if fresh and record else None
    if record and not reason:
        reason = why_rebuild(record, settings, binaries)
    rebuild = record is None or reason is not None
    if record and not rebuild and cluster.is_up(layout, record):
        if port == record.port:
            return EmbeddedServer(layout, record)  # another process was quicker
        on_event(Restarting("it is to listen on TCP"))
    cluster.stop(layout, binaries, account)
    if reason:
        on_event(Rebuilding(reason))
    if rebuild:
        on_event(Initialising(binaries.version))
        cluster.initialise(layout, binaries, account)
        record = Record(binaries.version, str(settings.bin_dir or ""), settings.profile, revision())
    assert record is not None  # noqa: S101 - made above where it was missing
    password = _password(record) if port else None
    record = replace(record, version=binaries.version, port=port, password=password)
    tap = pgtap.find_pgtap(project_root)
    extensions.prepare(
        layout.extensions,
        share_dir=binaries.share_dir,
        extra_dirs=settings.extension_dirs,
        named={"pgtap": tap.path} if tap else {},
    )
    libraries.prepare(layout.libraries, library_dir=binaries.library_dir)
    cluster.start(layout, binaries, account, port=port)
    server = EmbeddedServer(layout, record)
    try:
        if rebuild:
            on_event(InstallingPlatform(settings.profile))
            _set_up(server)
        if record.password:
            _set_password(server, record.password)
    except (psycopg.Error, ProspectrError) as error:
        cluster.stop(layout, binaries, account)
        raise _broken(layout, error) from error
    cluster.write_record(layout, record)
    on_event(Started(binaries.version, time.monotonic() - begun))
    return server


def _set_up(server: EmbeddedServer) -> None:
    """Create the server's memory, the platform's template, and the first working database."""
    create_memory(server)
    with server.memory() as connection:
        # The platform gives it its attributes; it must own the database that gets the platform.
        connection.execute(
            psycopg.sql.SQL("create role {}").format(psycopg.sql.Identifier(MIGRATOR))
        )
        Templates(connection).make(server.platform(connection), DATABASE)


def _set_password(server: EmbeddedServer, password: str) -> None:
    with server.memory() as connection:
        connection.execute(
            psycopg.sql.SQL("alter role {} password {}").format(
                psycopg.sql.Identifier(MIGRATOR), psycopg.sql.Literal(password)
            )
        )


def _broken(layout: Layout, error: psycopg.Error | ProspectrError) -> ServerError:
    found = diagnose(error) if isinstance(error, psycopg.Error) else error
    full = found.details.get("sqlstate") == "53100"
    return ServerError(
        f"The platform could not be installed: {found.message}",
        hint="The disk is full: free some space, then run this again."
        if full
        else f"Read {layout.log}, then try `prospectr-db server start --fresh`.",
        log=str(layout.log),
        sqlstate=found.details.get("sqlstate"),
    )


def why_rebuild(
    record: Record, settings: ServerSettings, binaries: Binaries | None = None
) -> str | None:
    """Say why a data directory can no longer be used, or None where it can."""
    from prospectr_db.platform.install import revision

    if record.bin_dir != str(settings.bin_dir or ""):
        return "another PostgreSQL was chosen"
    if binaries and record.version.split(".")[0] != str(binaries.major):
        return f"it was made by PostgreSQL {record.version}, and this is {binaries.version}"
    if record.profile != settings.profile:
        return f"the platform's profile was {record.profile} and is now {settings.profile}"
    if record.revision != revision():
        return f"the platform's revision was {record.revision} and is now {revision()}"
    return None


def _listens(record: Record, tcp: int) -> bool:
    return record.port is not None and tcp in (_ANY_PORT, record.port)


def _port(record: Record | None, tcp: int | None) -> int | None:
    if tcp is None or (record and _listens(record, tcp)):
        return record.port if record else None
    if tcp != _ANY_PORT:
        return tcp
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _password(record: Record) -> str:
    return record.password or secrets.token_urlsafe(24)
