"""Installing: in one transaction, quickly, again without effect, exposed or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg import Connection, sql

from prospectr_db.database import Target, connect, connect_admin
from prospectr_db.database.snapshot import kinds, take
from prospectr_db.errors import ServerError
from prospectr_db.platform.install import (
    Profile,
    ensure_realtime_partitions,
    install,
    installed,
    prepare_database,
    revision,
)
from prospectr_db.server.embedded import EmbeddedServer


@pytest.fixture
def empty(server: EmbeddedServer, worker_id: str) -> Iterator[Target]:
    """A database without the platform, as template0 leaves it."""
    name = f"empty_{worker_id}"
    with server.memory() as connection:
        connection.execute(
            sql.SQL("create database {} template template0").format(sql.Identifier(name))
        )
        yield server.target(name)
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )


def _exposed(connection: Connection[Any]) -> tuple[Any, ...] | None:
    connection.execute("create table public.probe (id bigserial)")
    connection.execute("create function public.probe() returns int language sql return 1")
    connection.execute("revoke execute on function public.probe() from public")
    return connection.execute(
        "select has_table_privilege('anon', 'public.probe', 'select'),"
        " has_sequence_privilege('anon', 'public.probe_id_seq', 'usage'),"
        " has_function_privilege('anon', 'public.probe()', 'execute')"
    ).fetchone()


def test_the_platform_is_installed_once(empty: Target) -> None:
    with connect_admin(empty) as connection:
        assert installed(connection) is None
        install(connection)
        shape = take(connection, include=kinds(), extension_members=True)
        install(connection)
        assert take(connection, include=kinds(), extension_members=True) == shape
        mark = installed(connection)
        assert mark is not None
        assert revision() in mark
        with pytest.raises(ServerError):
            install(connection, expose=True)
        with pytest.raises(ServerError):
            install(connection, profile=Profile.SEED)


def test_exposure_is_a_switch_of_its_own(empty: Target) -> None:
    with connect_admin(empty) as connection:
        install(connection, expose=True)
    with connect(empty) as connection:
        assert _exposed(connection) == (True, True, True)
        # Everything else is as in any project of today.
        connection.execute("insert into storage.buckets (id, name) values ('b', 'b')")
        with pytest.raises(Exception, match="Direct deletion"):
            connection.execute("delete from storage.buckets")


def test_without_the_switch_a_new_table_is_not_exposed(postgres: Connection[Any]) -> None:
    assert _exposed(postgres) == (False, False, False)


def test_a_copy_gets_its_owner_and_grants_back(
    server: EmbeddedServer, platform_template: Any, make_database: Any
) -> None:
    target = make_database(platform_template)
    name = target.dsn.get("dbname")
    with server.memory() as connection:
        connection.execute(
            sql.SQL("alter database {} owner to supabase_admin").format(sql.Identifier(name))
        )
    with connect_admin(target) as connection:
        prepare_database(connection)
        prepare_database(connection)
        facts = take(connection, include=["database"]).of("database")["database"]
    assert facts == {
        "owner": "postgres",
        "grants": {
            "dashboard_user": ["CONNECT", "CREATE", "TEMPORARY"],
            "public": ["CONNECT", "TEMPORARY"],
            "supabase_auth_admin": ["CREATE"],
            "supabase_realtime_admin": ["CREATE"],
        },
    }


def test_day_partitions_are_made_where_they_lack(superuser: Connection[Any]) -> None:
    def days() -> list[str]:
        return [
            name
            for (name,) in superuser.execute(
                "select relname from pg_class inner join pg_inherits on oid = inhrelid"
                " where inhparent = 'realtime.messages'::regclass order by relname"
            )
        ]

    today = date.today()
    wanted = [f"messages_{today + timedelta(days=ahead):%Y_%m_%d}" for ahead in range(-1, 4)]
    assert days() == wanted
    for name in wanted[1:]:
        superuser.execute(f"drop table realtime.{name}".encode())
    ensure_realtime_partitions(superuser)
    assert days() == wanted
    ensure_realtime_partitions(superuser)
    assert days() == wanted


def test_the_revision_is_short_and_stable() -> None:
    assert revision() == revision()
    assert len(revision()) == 12
