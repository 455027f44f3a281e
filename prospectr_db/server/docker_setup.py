"""What is done to a fresh container: its memory, and the platform, ours or the image's own."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from prospectr_db.database.connection import connect_admin
from prospectr_db.database.diagnosis import diagnose
from prospectr_db.errors import ConnectionFailedError, ProspectrError, ServerError
from prospectr_db.platform import extensions
from prospectr_db.resources import sql_text
from prospectr_db.server import container as engine
from prospectr_db.server.project_server import DATABASE, MIGRATOR, create_memory
from prospectr_db.server.settings import ServerSettings
from prospectr_db.server.templates import Template, Templates

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.server.docker import DockerServer

__all__ = ["OWN_PLATFORM", "is_set_up", "offer_files", "own_platform", "set_up"]

OWN_PLATFORM = "platform_of_the_image"
"""The key of the template that holds the image's own platform."""

_OLDEST = 16


def is_set_up(server: DockerServer) -> bool:
    """Whether an earlier run got to the end of `set_up`."""
    try:
        with server.memory() as connection:
            row = connection.execute(
                "select exists (select 1 from registry.templates where is_base)"
            ).fetchone()
    except (ConnectionFailedError, psycopg.errors.UndefinedTable):
        return False
    return bool(row and row[0])


def set_up(server: DockerServer, settings: ServerSettings) -> None:
    """Prepare a server that is ready: harmless when it was prepared before. Raises ServerError."""
    if is_set_up(server):
        return
    try:
        with connect_admin(server.target(), autocommit=True) as connection:
            row = connection.execute(sql_text("server/own_platform.sql")).fetchone()
        assert row is not None  # noqa: S101 - a select without a table returns a row
        version, has_own = row
        if version // 10_000 < _OLDEST:
            raise ServerError(
                f"The image holds PostgreSQL {version // 10_000}; {_OLDEST} or newer is needed, "
                "because roles are put back with options that came with it.",
                hint="Use db.major_version = 17, or an image of a newer PostgreSQL.",
            )
        create_memory(server)
        with server.memory() as memory:
            if has_own:
                _give_password(server, memory)
                Templates(memory).take(DATABASE, OWN_PLATFORM, is_base=True)
            else:
                _offer_stand_ins(server, settings)
                _create_migrator(memory)
                _give_password(server, memory)
                Templates(memory).make(server.platform(memory), DATABASE)
    except (psycopg.Error, ProspectrError) as error:
        found = diagnose(error) if isinstance(error, psycopg.Error) else error
        raise ServerError(
            f"The container could not be set up: {found.message}", hint=found.hint
        ) from error


def own_platform(
    server: DockerServer, connection: Connection[Any], *, expose: bool | None
) -> Template:
    """Return the image's own platform, with new tables exposed or not as config.toml says.

    ``connection`` is the server's memory.
    """
    templates = Templates(connection)
    original = templates.find(OWN_PLATFORM)
    assert original is not None  # noqa: S101 - the caller has found it
    if expose is None:
        return original
    key = f"{OWN_PLATFORM}_{'exposed' if expose else 'closed'}"
    kept = templates.find(key)
    if kept:
        return kept
    draft = f"draft_{key}"
    templates.make(original, draft)
    with connect_admin(server.target(draft)) as inside:
        inside.execute(sql_text(f"server/{'expose' if expose else 'close'}_new_tables.sql"))
    template = templates.take(draft, key, is_base=True)
    connection.execute(sql.SQL("drop database {}").format(sql.Identifier(draft)))
    return template


def offer_files(server: DockerServer, offered: Mapping[str, Mapping[str, str]]) -> None:
    """Put extensions into the container, by name their files; those it has are left alone."""
    with connect_admin(server.target(), autocommit=True) as connection:
        have = set(extensions.available(connection))
        folder = _share_folder(connection)
    files = {
        name: text
        for extension, texts in offered.items()
        if extension not in have
        for name, text in texts.items()
    }
    if files:
        engine.connect().write_archive(server.container, f"{folder}/extension", _archive(files))


def _offer_stand_ins(server: DockerServer, settings: ServerSettings) -> None:
    """Put the stand-ins beside the server's own extensions, which stay what they are."""
    client = engine.connect()
    with connect_admin(server.target(), autocommit=True) as connection:
        folder = _share_folder(connection)
    with tempfile.TemporaryDirectory() as scratch:
        with tarfile.open(
            fileobj=io.BytesIO(client.read_folder(server.container, f"{folder}/extension"))
        ) as archive:
            archive.extractall(Path(scratch) / "share", filter="data")
        prepared = Path(scratch) / "prepared"
        extensions.prepare(
            prepared, share_dir=Path(scratch) / "share", extra_dirs=settings.extension_dirs
        )
        files = {
            path.name: path.read_text(encoding="utf-8")
            for path in sorted((prepared / "extension").iterdir())
        }
    client.write_archive(server.container, f"{folder}/extension", _archive(files))


def _share_folder(connection: Connection[Any]) -> str:
    row = connection.execute(
        "select setting from pg_catalog.pg_config() where name = 'SHAREDIR'"
    ).fetchone()
    assert row is not None  # noqa: S101 - every server has one
    return str(row[0])


def _archive(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, text in files.items():
            content = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _create_migrator(memory: Connection[Any]) -> None:
    """Create the role that owns the project's database; the platform gives it its attributes."""
    there = memory.execute(
        "select 1 from pg_catalog.pg_roles where rolname = %s", (MIGRATOR,)
    ).fetchone()
    if not there:
        memory.execute(sql.SQL("create role {}").format(sql.Identifier(MIGRATOR)))


def _give_password(server: DockerServer, memory: Connection[Any]) -> None:
    password = server.admin.reveal()["password"]
    memory.execute(
        sql.SQL("alter role {} password {}").format(sql.Identifier(MIGRATOR), sql.Literal(password))
    )
