"""Personas as pytest fixtures, on a rolled-back transaction or on a cloned database.

For any folder with a supabase/ directory: ``--prospectr-project DIR`` or the ini option
``prospectr_project`` names it, else it is pytest's root directory. Nothing is imported or started
until a test asks for one of these fixtures.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from psycopg import Connection

    from prospectr_db.access.personas.personas import Persona
    from prospectr_db.access.visitor import Visitor
    from prospectr_db.database import Target
    from prospectr_db.server.embedded import EmbeddedServer
    from prospectr_db.server.settings import ServerSettings
    from prospectr_db.server.templates import Template

_CLONE = "pytest_{}_{}"
_NUMBERS = itertools.count()


class MakeUser(Protocol):
    """Signs a user up, and returns the persona with the token that he gets."""

    def __call__(self, name: str = ..., **token: Any) -> Persona:
        """Take `prospectr_db.access.personas.user`'s keywords, such as ``app_metadata``."""


AsPersona = Callable[["Persona"], "Visitor"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the project."""
    about = "folder that holds the supabase/ directory whose database the tests are about"
    parser.getgroup("prospectr-db").addoption("--prospectr-project", metavar="DIR", help=about)
    parser.addini("prospectr_project", about + " (relative to the ini file)", default="")


@pytest.fixture(scope="session")
def prospectr_root(pytestconfig: pytest.Config) -> Path:
    """The folder that holds supabase/."""
    given: str | None = pytestconfig.getoption("prospectr_project")
    if given:
        return Path(pytestconfig.invocation_params.dir, given).resolve()
    return Path(pytestconfig.rootpath, pytestconfig.getini("prospectr_project")).resolve()


@pytest.fixture(scope="session")
def prospectr_settings() -> ServerSettings:
    """The server's settings, from the PROSPECTR_DB_… variables."""
    from prospectr_db.server.settings import settings_from

    with _explained():
        return settings_from(os.environ, is_root=os.geteuid() == 0)


@pytest.fixture(scope="session")
def prospectr_server(prospectr_root: Path, prospectr_settings: ServerSettings) -> EmbeddedServer:
    """The project's server for checks; it stays up, so that the next run begins at once."""
    from prospectr_db.server.embedded import CHECKS, ensure

    with _explained():
        return ensure(prospectr_root, prospectr_settings, instance=CHECKS)


@pytest.fixture(scope="session")
def prospectr_template(prospectr_root: Path, prospectr_server: EmbeddedServer) -> Template:
    """The project's database, migrated and seeded, to be cloned.

    Built once for however many workers there are: whoever comes second waits, and finds it.
    """
    from prospectr_db.migrations.reset import prepare
    from prospectr_db.project import load

    with _explained():
        return prepare(prospectr_server, load(prospectr_root)).template


@pytest.fixture
def prospectr_database(
    prospectr_server: EmbeddedServer, prospectr_template: Template
) -> Iterator[Target]:
    """A fresh clone of the project's database, for tests that commit; dropped afterwards."""
    yield from _cloned(prospectr_server, prospectr_template)


@pytest.fixture(scope="session")
def prospectr_shared_database(
    prospectr_server: EmbeddedServer, prospectr_template: Template
) -> Iterator[Target]:
    """A worker's clone, in which every test runs in a transaction that is rolled back."""
    from prospectr_db.migrations.reset import drop_leftovers

    drop_leftovers(prospectr_server)
    yield from _cloned(prospectr_server, prospectr_template)


@pytest.fixture(scope="session")
def prospectr_session(prospectr_shared_database: Target) -> Iterator[Connection[Any]]:
    """A worker's connection, as the role that migrations run as; tests want the next one."""
    from prospectr_db.database import connect_as_migrator

    with connect_as_migrator(prospectr_shared_database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def prospectr_connection(prospectr_session: Connection[Any]) -> Iterator[Connection[Any]]:
    """A connection as ``postgres`` in a transaction that ends with the test.

    commit() and rollback() raise in it: use ``prospectr_database`` for a test that commits.
    """
    with prospectr_session.transaction(force_rollback=True):
        yield prospectr_session


@pytest.fixture
def as_persona(prospectr_connection: Connection[Any]) -> AsPersona:
    """Become a persona: ``as_persona(owner).allowed("select …")``."""
    from prospectr_db.access.visitor import Visitor

    return lambda persona: Visitor(prospectr_connection, persona)


@pytest.fixture
def make_user(prospectr_connection: Connection[Any]) -> MakeUser:
    """Sign users up on the spot: ``make_user("editor", app_metadata={"role": "editor"})``."""
    from uuid import uuid4

    from psycopg.types.json import Jsonb

    from prospectr_db.access.personas import personas
    from prospectr_db.resources import sql_text

    def make(name: str = "user", **token: Any) -> Persona:
        identifier = token.pop("sub", None) or uuid4()
        made = personas.user(
            identifier,
            token.pop("email", None) or f"{name}.{str(identifier)[:8]}@example.com".lower(),
            name=name,
            **token,
        )
        payload = made.payload or {}
        prospectr_connection.execute(
            sql_text("access/create_auth_user.sql"),
            {
                "id": identifier,
                "email": payload["email"],
                "app_metadata": Jsonb(payload["app_metadata"]),
                "user_metadata": Jsonb(payload["user_metadata"]),
            },
        )
        return made

    return make


@pytest.fixture
def anon() -> Persona:
    """Whoever shows only the public key."""
    from prospectr_db.access.personas import personas

    return personas.anon()


@pytest.fixture
def owner(make_user: MakeUser) -> Persona:
    """A signed-in user, made for this test: the one whose rows they are."""
    return make_user("owner")


@pytest.fixture
def stranger(make_user: MakeUser) -> Persona:
    """Another signed-in user, made for this test."""
    return make_user("stranger")


@pytest.fixture
def service_role() -> Persona:
    """The backend, which bypasses row-level security and still needs grants."""
    from prospectr_db.access.personas import personas

    return personas.service_role()


@contextmanager
def _explained() -> Iterator[None]:
    """Fail with what is wrong and what to do about it, not with our own stack."""
    from prospectr_db.errors import ProspectrError

    try:
        yield
    except ProspectrError as error:
        lines = (error.message, error.details.get("excerpt"), error.hint)
        pytest.fail("\n".join(filter(None, lines)), pytrace=False)


def _cloned(server: EmbeddedServer, template: Template) -> Iterator[Target]:
    from prospectr_db.migrations.reset import clone, drop

    name = _CLONE.format(os.getpid(), next(_NUMBERS))
    yield clone(server, template, name)
    drop(server, name)
