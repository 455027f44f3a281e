"""A database with the platform for each worker; every test works in a transaction of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import Connection, sql

from prospectr_db.database import Target, connect, connect_admin
from prospectr_db.server.embedded import EmbeddedServer
from prospectr_db.server.templates import Template, Templates

Refusal = Callable[[str], tuple[str | None, str]]
Impersonate = Callable[..., None]


@pytest.fixture(scope="session")
def platform_database(
    server: EmbeddedServer, platform_template: Template, worker_id: str
) -> Iterator[Target]:
    name = f"platform_{worker_id}"
    with server.memory() as connection:
        Templates(connection).copy(platform_template, name)
    yield server.target(name)
    with server.memory() as connection:
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )


@pytest.fixture
def postgres(platform_database: Target) -> Iterator[Connection[Any]]:
    """A session of postgres; what it does is rolled back."""
    with connect(platform_database) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def superuser(platform_database: Target) -> Iterator[Connection[Any]]:
    """A session of supabase_admin; what it does is rolled back."""
    with connect_admin(platform_database) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def refusal(postgres: Connection[Any]) -> Refusal:
    """Run a statement that must be refused; return its SQLSTATE and message."""

    def run(statement: str) -> tuple[str | None, str]:
        with pytest.raises(psycopg.Error) as caught, postgres.transaction():
            postgres.execute(statement.encode())
        return caught.value.sqlstate, caught.value.diag.message_primary or ""

    return run


@pytest.fixture
def impersonate(postgres: Connection[Any]) -> Impersonate:
    """Become an API role with claims, as PostgREST does; None takes no claims at all."""

    def run(role: str, claims: dict[str, Any] | None = None) -> None:
        postgres.execute("reset role")
        if claims is not None:
            postgres.execute(
                "select set_config('request.jwt.claims', %s, true)", (json.dumps(claims),)
            )
        postgres.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))

    return run
