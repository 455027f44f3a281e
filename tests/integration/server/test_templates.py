"""Copies of a template carry what CREATE DATABASE leaves behind, and the cluster's roles follow."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest

from prospectr_db.database import connect, connect_admin, connect_as_migrator
from prospectr_db.server.embedded import DATABASE, EmbeddedServer, ensure, stop
from prospectr_db.server.globals import read_globals
from prospectr_db.server.settings import ServerSettings
from prospectr_db.server.templates import Templates


@pytest.fixture(scope="module")
def own(
    settings: ServerSettings, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[EmbeddedServer]:
    """A server of this module's own: these tests change its roles."""
    root = tmp_path_factory.mktemp("roles")
    (root / "supabase").mkdir()
    chosen = replace(settings, home=settings.home / f"roles-{worker_id}")
    yield ensure(root, chosen)
    stop(root, chosen)
    shutil.rmtree(chosen.home, ignore_errors=True)


@pytest.fixture
def templates(own: EmbeddedServer) -> Iterator[Templates]:
    with own.memory() as connection:
        found = Templates(connection)
        found.make(own.platform(connection), DATABASE)
        yield found


def test_a_copy_has_the_grants_settings_and_owner_of_its_original(
    own: EmbeddedServer, templates: Templates
) -> None:
    with connect_as_migrator(own.target(), autocommit=True) as connection:
        connection.execute("alter database postgres set search_path to shop, 'Two Words'")
        connection.execute("alter role anon in database postgres set work_mem to '9MB'")
        connection.execute("grant create on database postgres to anon with grant option")
    kept = templates.take(DATABASE, "properties")
    templates.make(kept, DATABASE)
    with connect_admin(own.target()) as connection:
        assert _properties(connection, DATABASE) == _properties(connection, kept.name)
        owner, settings, acl = _properties(connection, DATABASE)
    assert owner == "postgres"
    assert ("-", 'search_path=shop, "Two Words"') in settings
    assert ("anon", "work_mem=9MB") in settings
    assert ("anon", "CREATE", True) in acl


def _properties(connection, database):  # type: ignore[no-untyped-def]
    owner = connection.execute(
        "select datdba::regrole::text from pg_database where datname = %s", (database,)
    ).fetchone()[0]
    settings = connection.execute(
        "select setrole::regrole::text, unnest(setconfig) from pg_db_role_setting"
        " join pg_database d on d.oid = setdatabase where datname = %s order by 1, 2",
        (database,),
    ).fetchall()
    acl = connection.execute(
        "select grantee::regrole::text, privilege_type, is_grantable"
        " from pg_database, aclexplode(datacl) where datname = %s order by 1, 2",
        (database,),
    ).fetchall()
    return owner, settings, acl


def test_roles_made_later_are_gone_and_roles_changed_are_changed_back(
    own: EmbeddedServer, templates: Templates
) -> None:
    with own.memory() as connection:
        base, before = own.platform(connection), read_globals(connection)
    with connect_as_migrator(own.target(), autocommit=True) as connection:
        connection.execute("create role clerk login password 'x'")
        connection.execute("grant clerk to authenticator")
        connection.execute("create table public.t (id int)")
        connection.execute("grant select on public.t to clerk")
        connection.execute("alter role authenticated set statement_timeout to '1s'")
        connection.execute("alter role authenticator set pgrst.db_schemas to 'public, shop'")
        connection.execute("revoke anon from authenticator")
    with own.memory() as connection:
        assert read_globals(connection) != before
    templates.make(base, DATABASE)
    with own.memory() as connection:
        assert read_globals(connection) == before


def test_a_template_brings_back_the_roles_that_it_was_taken_with(
    own: EmbeddedServer, templates: Templates
) -> None:
    with own.memory() as connection:
        base = own.platform(connection)
    with connect_as_migrator(own.target(), autocommit=True) as connection:
        connection.execute("create role keeper nologin")
        connection.execute("grant keeper to authenticator with inherit false")
        connection.execute("alter role keeper set search_path to '', \"$user\", public")
    kept = templates.take(DATABASE, "keeper")
    with own.memory() as connection:
        then = read_globals(connection)
    templates.make(base, DATABASE)
    templates.make(kept, DATABASE)
    with own.memory() as connection:
        assert read_globals(connection) == then


def test_a_template_that_names_a_role_which_must_go_is_dropped(
    own: EmbeddedServer, templates: Templates
) -> None:
    with own.memory() as connection:
        base = own.platform(connection)
    with connect_as_migrator(own.target(), autocommit=True) as connection:
        connection.execute("create role auditor")
        connection.execute("create table public.log (id int)")
        connection.execute("grant select on public.log to auditor")
    templates.take(DATABASE, "auditor")
    templates.make(base, DATABASE)
    assert templates.find("auditor") is None
    with connect_as_migrator(own.target(), autocommit=True) as connection:
        connection.execute("create role auditor")


def test_the_least_recently_used_templates_are_dropped(
    own: EmbeddedServer, templates: Templates
) -> None:
    keys = [f"prune{number:02}" for number in range(14)]
    for key in keys:
        templates.take(DATABASE, key)
    templates.prune(spare=keys[:1])
    kept = [key for key in keys if templates.find(key)]
    assert keys[0] in kept
    assert keys[1] not in kept
    assert kept[-1] == keys[-1]
    with own.memory() as connection:
        assert own.platform(connection)


def test_the_deepest_known_state_is_found(templates: Templates) -> None:
    templates.take(DATABASE, "deep1")
    templates.take(DATABASE, "deep3")
    assert templates.deepest(["deep0", "deep1", "deep2", "deep3", "deep4"]) == 3
    assert templates.deepest(["nothing"]) is None


def test_a_copy_can_be_connected_to_and_its_template_cannot(
    own: EmbeddedServer, templates: Templates
) -> None:
    kept = templates.take(DATABASE, "connect")
    templates.copy(kept, "copied")
    with connect(own.target("copied")) as connection:
        assert connection.execute("select current_database()").fetchone() == ("copied",)
    from prospectr_db.errors import ConnectionFailedError

    with pytest.raises(ConnectionFailedError, match="not currently accepting"):
        connect(own.target(kept.name))
