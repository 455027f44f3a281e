"""Every stand-in can be created, described, moved as far as the real one can, and dropped."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import Connection, sql

from prospectr_db.database import diagnose
from prospectr_db.errors import UsageError
from prospectr_db.platform.extensions import available, explain_missing, explained, standins

# What the control files of the real extensions fix (their repositories, PostgreSQL's contrib).
FIXED_SCHEMA = {
    "pg_cron": "pg_catalog",
    "pg_graphql": "graphql",
    "pg_tle": "pgtle",
    "pgmq": "pgmq",
    "pgsodium": "pgsodium",
    "supabase_vault": "vault",
}
RELOCATABLE = {"hypopg", "index_advisor", "pgaudit", "pgcrypto", "uuid-ossp", "wrappers"}
# Contrib that PostgreSQL does not trust, but Supabase lets `postgres` create.
LENT = ("dblink", "moddatetime", "pg_stat_statements", "pgstattuple", "postgres_fdw", "tcn")


def create(owner: Connection[Any], name: str, rest: str = "") -> None:
    owner.execute(
        sql.SQL("create extension if not exists {} {} cascade").format(
            sql.Identifier(name), sql.SQL(rest)
        )
    )


def drop(owner: Connection[Any], name: str) -> None:
    owner.execute(sql.SQL("drop extension if exists {} cascade").format(sql.Identifier(name)))


def described(owner: Connection[Any], name: str) -> tuple[Any, ...] | None:
    return owner.execute(
        "select extnamespace::regnamespace::text, extrelocatable, obj_description(oid)"
        " from pg_extension where extname = %s",
        (name,),
    ).fetchone()


@pytest.mark.parametrize("name", sorted(standins()))
def test_postgres_creates_it_unqualified_and_in_a_schema_and_drops_it(
    owner: Connection[Any], name: str
) -> None:
    fixed = FIXED_SCHEMA.get(name)
    for rest in ("", f"with schema {fixed or 'extensions'}"):
        drop(owner, name)
        assert described(owner, name) is None
        create(owner, name, rest)
        found = described(owner, name)
        assert found is not None
        schema, relocatable, comment = found
        assert schema == (fixed or ("extensions" if rest else "public"))
        assert relocatable == (name in RELOCATABLE)
        assert "stand-in" in comment
        owner.execute(sql.SQL("comment on extension {} is 'ours'").format(sql.Identifier(name)))
    drop(owner, name)
    leftovers = owner.execute(
        "select count(*) from pg_depend where refclassid = 'pg_extension'::regclass"
        " and deptype = 'e' and refobjid not in (select oid from pg_extension)"
    ).fetchone()
    assert leftovers == (0,)


@pytest.mark.parametrize("name", sorted(FIXED_SCHEMA))
def test_a_fixed_schema_is_refused_elsewhere(owner: Connection[Any], name: str) -> None:
    drop(owner, name)
    with pytest.raises(psycopg.Error, match="must be installed in schema") as refused:
        owner.execute(
            sql.SQL("create extension {} with schema extensions").format(sql.Identifier(name))
        )
    assert refused.value.sqlstate == "0A000"


def test_statements_of_a_dump_run_unchanged(owner: Connection[Any]) -> None:
    owner.execute(
        """
        CREATE EXTENSION IF NOT EXISTS "pg_cron" WITH SCHEMA "pg_catalog";
        CREATE EXTENSION IF NOT EXISTS "pg_net" WITH SCHEMA "extensions";
        CREATE EXTENSION IF NOT EXISTS "pg_graphql" WITH SCHEMA "graphql";
        CREATE EXTENSION IF NOT EXISTS "pgcrypto" WITH SCHEMA "extensions";
        CREATE EXTENSION IF NOT EXISTS "pgjwt" WITH SCHEMA "extensions";
        CREATE SCHEMA "pgsodium";
        CREATE EXTENSION IF NOT EXISTS "pgsodium" WITH SCHEMA "pgsodium";
        CREATE EXTENSION IF NOT EXISTS "supabase_vault" WITH SCHEMA "vault";
        CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA "extensions";
        create extension if not exists "http" with schema "extensions" version '1.5';
        create schema if not exists "pgmq";
        create extension if not exists "pgmq" with schema "pgmq" version '1.4.4';
        drop extension if exists "pg_net";
        create extension if not exists "pg_net" with schema "public" version '0.14.0';
        alter extension pgmq update;
        """
    )
    versions = dict(owner.execute("select extname, extversion from pg_extension").fetchall())
    assert versions["pg_net"] == "0.14.0"
    assert versions["pgmq"] == "1.5.1"


@pytest.mark.parametrize("name", LENT)
def test_postgres_creates_contrib_that_supabase_lends_it(owner: Connection[Any], name: str) -> None:
    drop(owner, name)
    create(owner, name, "with schema extensions")
    assert described(owner, name) is not None


def test_contrib_that_supabase_does_not_lend_is_refused(owner: Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute("create extension file_fdw")


def test_a_missing_extension_is_explained_with_the_closest_names_first(
    owner: Connection[Any],
) -> None:
    with pytest.raises(psycopg.Error, match="is not available"), owner.transaction():
        owner.execute("create extension pg_crypto")
    hint = explain_missing(owner, "pg_crypto")
    assert hint.startswith("This server offers: pgcrypto, ")
    assert "PROSPECTR_DB_EXTENSIONS" in hint
    assert "--db-url" in hint
    assert set(standins()) <= set(available(owner))


def test_an_error_about_a_missing_extension_gets_that_hint(owner: Connection[Any]) -> None:
    owner.autocommit = True
    with pytest.raises(psycopg.Error) as refused:
        owner.execute("create extension postgis_")
    error = explained(diagnose(refused.value), owner)
    assert (error.hint or "").startswith("This server offers: ")
    other = UsageError("x", hint="y")
    assert explained(other, owner) is other


def test_what_is_installed_is_what_is_offered(owner: Connection[Any]) -> None:
    # Supabase's advisor warns of extensions that are behind what the server offers.
    behind = owner.execute(
        "select name, installed_version, default_version from pg_available_extensions"
        " where installed_version <> default_version"
    ).fetchall()
    assert behind == []
