"""One database with the platform for each worker; every test works in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import Connection, sql

from prospectr_db.database import Target, connect
from prospectr_db.server.embedded import EmbeddedServer
from prospectr_db.server.templates import Template, Templates


@pytest.fixture(scope="session")
def extension_database(
    server: EmbeddedServer, platform_template: Template, worker_id: str
) -> Iterator[Target]:
    name = f"extensions_{worker_id}"
    with server.memory() as connection:
        Templates(connection).copy(platform_template, name)
    yield server.target(name)
    with server.memory() as connection:
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )


@pytest.fixture
def owner(extension_database: Target) -> Iterator[Connection[Any]]:
    """`postgres`, who is not a superuser; what it does is rolled back."""
    with connect(extension_database) as connection:
        yield connection
        connection.rollback()
