"""What Supabase refuses to postgres is refused here with the same SQLSTATE; what it allows works.

A privilege test that runs where everything is allowed proves nothing; neither does a project that
migrates only because nobody stopped it.
"""

from __future__ import annotations

from typing import Any

import pytest
from psycopg import Connection, errors

from tests.integration.platform.conftest import Refusal

DENIED = "42501"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("alter table storage.objects enable row level security", "must be owner of table objects"),
        ("alter table auth.users add column nickname text", "must be owner of table users"),
        ("alter table auth.users disable trigger all", "must be owner of table users"),
        ("alter table realtime.messages disable row level security", "must be owner of table mess"),
        ("alter table storage.objects owner to postgres", "must be owner of table objects"),
        ("drop table auth.users cascade", "must be owner of table users"),
        ("truncate storage.migrations", "permission denied for table migrations"),
        ("create index on auth.users (created_at)", "must be owner of table users"),
        ("comment on table storage.objects is 'files'", "must be owner of table objects"),
        ("create table auth.tenants (id uuid)", "permission denied for schema auth"),
        ("create table storage.extra (id uuid)", "permission denied for schema storage"),
        ("create table cron.extra (id uuid)", "permission denied for schema cron"),
        ("create table vault.extra (id uuid)", "permission denied for schema vault"),
        ("create view realtime.extra as select 1", "permission denied for schema realtime"),
        ("create type auth.kind as enum ('a')", "permission denied for schema auth"),
        (
            "create function auth.tenant_id() returns uuid language sql return null",
            "permission denied for schema auth",
        ),
        (
            "create or replace function auth.uid() returns uuid language sql return null",
            "permission denied for schema auth",
        ),
        (
            "create function storage.is_mine(text) returns bool language sql return true",
            "permission denied for schema storage",
        ),
        ("drop function auth.uid()", "must be owner of function auth.uid"),
        ("alter function auth.uid() volatile", "must be owner of function auth.uid"),
        ("drop schema auth cascade", "must be owner of schema auth"),
        ("alter schema storage rename to files", "must be owner of schema storage"),
        ("create policy p on auth.schema_migrations using (true)", "must be owner of table schema"),
        ("create policy p on storage.migrations using (true)", "must be owner of table migrations"),
        ("create policy p on vault.secrets using (true)", "must be owner of table secrets"),
        ("insert into auth.schema_migrations values ('1')", "permission denied for table schema"),
        ("insert into storage.buckets_vectors (id) values ('v')", "permission denied for table b"),
        ("alter type auth.aal_level add value 'aal4'", "must be owner of type auth.aal"),
        (
            "alter default privileges for role supabase_admin grant all on tables to anon",
            "permission denied to change default privileges",
        ),
        (
            (
                "alter default privileges for role supabase_auth_admin in schema auth"
                " grant select on tables to anon"
            ),
            "permission denied to change default privileges",
        ),
        ("set role supabase_auth_admin", 'permission denied to set role "supabase_auth_admin"'),
        ("set role supabase_admin", 'permission denied to set role "supabase_admin"'),
        ("set session authorization anon", "permission denied to set session authorization"),
        ("grant supabase_auth_admin to postgres", "permission denied to grant role"),
        ("grant supabase_storage_admin to anon", "permission denied to grant role"),
        ("reassign owned by supabase_storage_admin to postgres", "permission denied to reassign"),
        ("drop owned by supabase_auth_admin", "permission denied to drop objects"),
        ("alter role supabase_auth_admin set search_path = public", "permission denied to alter"),
        ("alter role postgres superuser", "permission denied to alter role"),
        ("drop event trigger pgrst_ddl_watch", "must be owner of event trigger pgrst_ddl_watch"),
        ("drop event trigger supautils_return", "must be owner of event trigger supautils_return"),
        ("alter event trigger issue_pg_net_access disable", "must be owner of event trigger"),
        ("copy auth.users to program 'cat'", "permission denied to COPY to or from an external"),
        ("revoke execute on function auth.uid() from public; drop function auth.jwt()", "must be"),
    ],
)
def test_postgres_is_refused(refusal: Refusal, statement: str, message: str) -> None:
    state, said = refusal(statement)
    assert state == DENIED, said
    assert said.startswith(message)


def test_alter_system_is_refused(postgres: Connection[Any]) -> None:
    postgres.autocommit = True
    with pytest.raises(errors.InsufficientPrivilege):
        postgres.execute("alter system set work_mem = '1GB'")


@pytest.mark.parametrize(
    "statement",
    [
        "alter database {database} set app.settings.jwt_secret = 'x'",
        "alter role postgres set app.settings.jwt_secret = 'x'",
        "alter role authenticator set app.settings.jwt_secret = 'x'",
    ],
)
def test_settings_of_an_application_cannot_be_kept(
    refusal: Refusal, statement: str, postgres: Connection[Any]
) -> None:
    database = f'"{postgres.info.dbname}"'
    state, said = refusal(statement.format(database=database))
    assert state == DENIED
    assert said == 'permission denied to set parameter "app.settings.jwt_secret"'


@pytest.mark.parametrize(
    "script",
    [
        # row level security on the services' tables
        """
        create policy "Own files" on storage.objects for select to authenticated using (true);
        alter policy "Own files" on storage.objects using (false);
        alter policy "Own files" on storage.objects rename to "Their files";
        drop policy "Their files" on storage.objects;
        drop policy if exists "Nobody's" on storage.buckets;
        create policy listen on realtime.messages for select to authenticated using (true);
        create policy mine on auth.users for select to authenticated using (auth.uid() = id);
        """,
        # triggers of the project's own on them
        """
        create function public.greet() returns trigger language plpgsql as 'begin return new; end';
        create trigger greet after insert on auth.users
            for each row execute function public.greet();
        create or replace trigger greet after insert or update on auth.users
            for each row execute function public.greet();
        drop trigger greet on auth.users;
        create trigger greet after insert on storage.objects
            for each row execute function public.greet();
        drop trigger if exists greet on storage.objects;
        """,
        # the same while triggers are off
        """
        set local session_replication_role = replica;
        create policy p on storage.objects for select using (true);
        drop policy p on storage.objects;
        """,
        # tables that hang under auth.users
        """
        create table public.notes (id uuid primary key references auth.users on delete cascade);
        alter table public.notes enable row level security;
        alter publication supabase_realtime add table public.notes;
        alter publication supabase_realtime drop table public.notes;
        create publication mine for table public.notes;
        """,
        # roles and their settings
        """
        alter role anon set statement_timeout = '5s';
        alter role authenticator set pgrst.db_schemas = 'public, api';
        alter role authenticator set pgrst.db_pre_request = 'public.check';
        alter role authenticator reset pgrst.db_schemas;
        alter role postgres set search_path = public;
        alter role postgres set log_min_duration_statement = 100;
        create role reader;
        grant reader to authenticator;
        grant reader to postgres;
        grant anon to reader;
        set role reader;
        reset role;
        """,
        # privileges that postgres may pass on
        """
        create role reader;
        grant usage on schema storage to reader;
        grant select on auth.users to reader;
        grant select, insert on storage.objects to reader;
        grant insert, select on realtime.messages to reader;
        grant usage on schema cron to reader;
        """,
        # default privileges as pg_dump writes them
        """
        alter default privileges for role "postgres" in schema "public"
            grant all on tables to "anon";
        alter default privileges in schema public grant execute on functions to service_role;
        alter default privileges revoke execute on functions from public;
        """,
        # owners
        """
        create table public.t (id int);
        alter table public.t owner to postgres;
        create schema app authorization postgres;
        alter schema app owner to postgres;
        alter schema public owner to postgres;
        """,
        # what seeds do
        """
        set local session_replication_role = replica;
        insert into auth.users (id, email) values (gen_random_uuid(), 'a@example.com');
        insert into auth.identities (user_id, provider_id, provider, identity_data)
            select id, id::text, 'email', jsonb_build_object('email', email) from auth.users;
        insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true);
        update storage.buckets set file_size_limit = 100 where id = 'avatars';
        """,
        "create schema extra; drop schema extra; create extension if not exists hstore",
        "drop extension pg_net; create extension pg_net with schema extensions",
        "set pgrst.db_schemas = 'x'; set app.settings.anything = 'y'; set lock_timeout = '4s'",
        "truncate auth.audit_log_entries; delete from auth.users; lock table auth.users",
        "notify pgrst, 'reload schema'",
        "create publication all_of_it for all tables; drop publication all_of_it",
        "alter publication supabase_realtime add tables in schema public",
        "create foreign data wrapper nothing",
        # the head and the foot of a dump
        """
        set statement_timeout = 0; set lock_timeout = 0; set client_encoding = 'UTF8';
        set idle_in_transaction_session_timeout = 0; set standard_conforming_strings = on;
        select pg_catalog.set_config('search_path', '', true);
        set check_function_bodies = false; set xmloption = content; set row_security = off;
        create extension if not exists "pg_cron" with schema "pg_catalog";
        create extension if not exists "pg_net" with schema "extensions";
        create extension if not exists "pgcrypto" with schema "extensions";
        create extension if not exists "uuid-ossp" with schema "extensions";
        create extension if not exists "supabase_vault" with schema "vault";
        create extension if not exists "pg_stat_statements" with schema "extensions";
        alter schema "public" owner to "pg_database_owner";
        comment on schema "public" is 'standard public schema';
        set default_tablespace = ''; set default_table_access_method = "heap";
        create table if not exists "public"."t" ("id" bigint not null);
        alter table "public"."t" owner to "postgres";
        alter table "public"."t" alter column "id" add generated by default as identity
            (sequence name "public"."t_id_seq" start with 1 increment by 1 no minvalue cache 1);
        alter publication "supabase_realtime" owner to "postgres";
        grant usage on schema "public" to "postgres", "anon", "authenticated", "service_role";
        grant all on table "public"."t" to "anon", "authenticated", "service_role";
        grant all on sequence "public"."t_id_seq" to "anon";
        alter default privileges for role "postgres" in schema "public"
            grant all on sequences to "postgres";
        reset all;
        """,
        # what a diff against a fresh project writes
        """
        revoke select on table auth.schema_migrations from postgres;
        revoke insert on table auth.users from postgres;
        drop extension if exists pg_net;
        """,
        # a publication of one's own making
        """
        drop publication if exists supabase_realtime;
        create publication supabase_realtime;
        """,
        "comment on schema public is 'ours'; comment on extension pg_net is 'http'",
    ],
)
def test_postgres_may(postgres: Connection[Any], script: str) -> None:
    postgres.execute(script.encode())


def test_granting_what_one_may_not_pass_on_only_warns(postgres: Connection[Any]) -> None:
    notices: list[str] = []
    postgres.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    postgres.execute("grant insert on auth.users to anon")
    postgres.execute("grant execute on function auth.uid() to anon")
    assert notices == [
        'no privileges were granted for "users"',
        'no privileges were granted for "uid"',
    ]
    held = postgres.execute("select has_table_privilege('anon', 'auth.users', 'insert')").fetchone()
    assert held == (False,)


def test_the_loan_behind_policies_ends_with_the_statement(postgres: Connection[Any]) -> None:
    query = (
        "select count(*) from pg_auth_members where member = 'postgres'::regrole"
        " and roleid::regrole::text in"
        " ('supabase_auth_admin', 'supabase_storage_admin', 'supabase_realtime_admin')"
    )
    assert postgres.execute(query).fetchone() == (0,)
    postgres.execute("create policy p on storage.objects for select using (true)")
    assert postgres.execute(query).fetchone() == (0,)
    with pytest.raises(errors.UndefinedTable), postgres.transaction():
        postgres.execute("create policy p on storage.no_such_table using (true)")
    assert postgres.execute(query).fetchone() == (0,)
    with pytest.raises(errors.InsufficientPrivilege), postgres.transaction():
        postgres.execute("alter table storage.objects disable row level security")


def test_the_loan_is_for_postgres_alone(postgres: Connection[Any]) -> None:
    postgres.execute("set local role authenticated")
    with pytest.raises(errors.InsufficientPrivilege) as caught:
        postgres.execute("create policy p on storage.objects for select using (true)")
    assert caught.value.diag.message_primary == "must be owner of table objects"


def test_parallel_sessions_do_not_wait_for_each_others_loan(
    postgres: Connection[Any], platform_database: Any
) -> None:
    from prospectr_db.database import connect

    postgres.execute("create policy p on storage.objects for select using (true)")
    with connect(platform_database) as other:
        other.execute("set local lock_timeout = '500ms'")
        other.execute("create policy q on storage.buckets for select using (true)")
        other.rollback()


def test_a_superusers_rights_last_no_longer_than_their_statement(
    postgres: Connection[Any],
) -> None:
    postgres.execute("create publication all_of_it for all tables")
    super_now = "select rolsuper from pg_roles where rolname = 'postgres'"
    assert postgres.execute(super_now).fetchone() == (False,)
    with pytest.raises(errors.DuplicateObject), postgres.transaction():
        postgres.execute("create publication all_of_it for all tables")
    assert postgres.execute(super_now).fetchone() == (False,)
    with pytest.raises(errors.InsufficientPrivilege), postgres.transaction():
        postgres.execute("alter table storage.objects disable row level security")
    postgres.execute("set local role authenticated")
    with pytest.raises(errors.InsufficientPrivilege):
        postgres.execute("create publication more for all tables")


def test_a_trigger_of_the_platform_outside_the_covered_tables_stays(
    superuser: Connection[Any],
) -> None:
    superuser.execute(
        "create function public.noop() returns trigger language plpgsql as 'begin return new; end'"
    )
    superuser.execute(
        "create trigger kept after insert on storage.migrations"
        " for each row execute function public.noop()"
    )
    superuser.execute("set local role postgres")
    with pytest.raises(errors.InsufficientPrivilege) as caught:
        superuser.execute("drop trigger kept on storage.migrations")
    assert caught.value.diag.message_primary == "must be owner of table migrations"
