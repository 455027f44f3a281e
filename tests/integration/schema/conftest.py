"""A server that stands for a hosted project, and the one that its copies are made on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from prospectr_db.database import Target, connect_admin
from prospectr_db.migrations.reset import reset
from prospectr_db.project import Project
from prospectr_db.schema.copying import Rebuilt, rebuilt
from prospectr_db.schema.dumping import find_pg_dump
from prospectr_db.schema.reading import Schema, read_schema
from prospectr_db.server.embedded import COPIES, WORK, EmbeddedServer, ensure, stop
from prospectr_db.server.settings import ServerSettings
from prospectr_db.server.url import target_from_url
from tests.conftest import REPOSITORY

Put = Callable[[Project], Target]
Admin = Callable[[], Connection[Any]]
Copy = Callable[[Schema], AbstractContextManager[Rebuilt]]


@pytest.fixture(scope="session")
def hosted_server(
    settings: ServerSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedServer]:
    """A server of its own, because projects change roles; it listens on TCP, with a password."""
    root = tmp_path_factory.mktemp("hosted")
    yield ensure(root, settings, tcp=0)
    stop(root, settings, instance=WORK)


@pytest.fixture
def put(hosted_server: EmbeddedServer) -> Put:
    """Make the hosted database a project's, and return it as the plain login by URL sees it."""

    def make(project: Project) -> Target:
        reset(hosted_server, project)
        return target_from_url(hosted_server.url().url(reveal=True))

    return make


@pytest.fixture
def admin(hosted_server: EmbeddedServer) -> Admin:
    """Connect to the hosted database as its superuser, who does what only Supabase could."""
    return lambda: connect_admin(hosted_server.target(), autocommit=True)


@pytest.fixture
def copy(settings: ServerSettings) -> Copy:
    """Build a schema on the server for copies, which all workers share."""
    return partial(rebuilt, ensure(REPOSITORY, settings, instance=COPIES))


def read(target: Target, pg_dump: Path | None = None) -> Schema:
    """Read a schema with the embedded server's pg_dump."""
    return read_schema(target, lambda major: pg_dump or find_pg_dump(None, major))
