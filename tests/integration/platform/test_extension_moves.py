"""What postgres may do with extensions although their objects belong to the superuser."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection

SCHEMA_OF = """
    select nsp.nspname
    from pg_catalog.pg_extension as ext
    inner join pg_catalog.pg_namespace as nsp on ext.extnamespace = nsp.oid
    where ext.extname = %s
"""
IS_SUPERUSER = "select rolsuper from pg_catalog.pg_roles where rolname = 'postgres'"


@pytest.mark.parametrize("name", ["vector", "pg_trgm", "citext", "btree_gist"])
def test_an_extension_moves_from_public_to_extensions(postgres: Connection[Any], name: str) -> None:
    postgres.execute(f"create extension {name} schema public".encode())

    postgres.execute(f"alter extension {name} set schema extensions".encode())

    assert postgres.execute(SCHEMA_OF, (name,)).fetchone() == ("extensions",)
    assert postgres.execute(IS_SUPERUSER).fetchone() == (False,)


def test_an_extension_moves_inside_a_block_too(postgres: Connection[Any]) -> None:
    postgres.execute("create extension pg_trgm schema public")

    postgres.execute("do $$ begin alter extension pg_trgm set schema extensions; end $$")

    assert postgres.execute(SCHEMA_OF, ("pg_trgm",)).fetchone() == ("extensions",)


def test_pgvector_answers_to_the_version_a_project_began_with(postgres: Connection[Any]) -> None:
    postgres.execute("create extension vector schema extensions version '0.4.0'")
    postgres.execute("alter extension vector update")

    distance = postgres.execute(
        "select '[1,0]'::extensions.vector operator(extensions.<=>) '[0,1]'"
    ).fetchone()

    assert distance == (1.0,)


def test_postgres_makes_servers_of_postgres_fdw_and_lets_others_use_it(
    postgres: Connection[Any],
) -> None:
    postgres.execute("create extension postgres_fdw schema extensions")
    postgres.execute("create server elsewhere foreign data wrapper postgres_fdw")
    postgres.execute("grant usage on foreign data wrapper postgres_fdw to authenticated")

    owner = postgres.execute(
        "select fdwowner::regrole::text from pg_catalog.pg_foreign_data_wrapper"
    ).fetchone()

    assert owner == ("postgres",)
    assert postgres.execute(IS_SUPERUSER).fetchone() == (False,)


def test_a_table_of_a_service_can_be_published(postgres: Connection[Any]) -> None:
    postgres.execute("alter publication supabase_realtime add table storage.objects")

    published = postgres.execute(
        "select schemaname || '.' || tablename from pg_catalog.pg_publication_tables"
    ).fetchall()

    assert published == [("storage.objects",)]
    assert postgres.execute(IS_SUPERUSER).fetchone() == (False,)


def test_an_unscheduled_job_is_gone(postgres: Connection[Any]) -> None:
    postgres.execute("select cron.schedule('kept', '* * * * *', 'select 1')")
    postgres.execute("select cron.schedule('removed', '* * * * *', 'select 1')")

    postgres.execute("select cron.unschedule('removed')")

    assert postgres.execute("select jobname from cron.job").fetchall() == [("kept",)]


@pytest.mark.parametrize("name", ["pgsodium", "pgmq"])
def test_the_schema_that_an_extension_prescribes_is_made_where_a_dump_names_it(
    postgres: Connection[Any], name: str
) -> None:
    statement = f'create extension if not exists "{name}" with schema "{name}"'

    postgres.execute(statement.encode())

    assert postgres.execute(SCHEMA_OF, (name,)).fetchone() == (name,)


def test_a_schema_that_nothing_prescribes_is_still_missed(postgres: Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InvalidSchemaName):
        postgres.execute("create extension citext with schema nowhere")
