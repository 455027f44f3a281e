"""Projects whose migrations use statements that need more than an ordinary role and transaction."""

from __future__ import annotations

from .shape import ADA, AS_ADA, Shape

SHAPES = (
    Shape(
        "citext, pg_trgm and vector",
        {
            "migrations/20240101000000_search.sql": """
                create extension if not exists citext;
                create extension if not exists pg_trgm with schema extensions;
                create extension if not exists "vector" with schema "extensions";
                create table public.notes (
                    id bigint generated always as identity primary key,
                    slug citext unique,
                    embedding vector(3)
                );
                create index on public.notes using gin ((slug::text) gin_trgm_ops);
                create index on public.notes using hnsw (embedding vector_cosine_ops);
                insert into public.notes (slug, embedding) values ('Near', '[1,0,0]'),
                    ('Far', '[0,1,0]');
                create function public.nearest(query vector(3)) returns text language sql stable
                as $$
                    select slug::text from public.notes order by embedding <=> query limit 1
                $$;
            """,
            "migrations/20240102000000_tidy.sql": "alter extension citext set schema extensions;",
        },
        ("select public.nearest('[0.9,0,0]'), (select count(*) from notes where slug = 'FAR')",),
        (("Near", 1),),
    ),
    Shape(
        "a value added to an enum and used by the next file",
        {
            "migrations/20240101000000_type.sql": """
                create type public.state as enum ('open');
                create table public.tasks (id int primary key, state public.state);
            """,
            "migrations/20240102000000_add.sql": """
                alter type public.state add value if not exists 'closed';
            """,
            "migrations/20240103000000_use.sql": "insert into public.tasks values (1, 'closed');",
        },
        ("select state::text from public.tasks",),
        (("closed",),),
    ),
    Shape(
        "explicit transactions inside a file",
        {
            "migrations/20240101000000_wrapped.sql": """
                BEGIN;
                create table public.a (id int);
                insert into public.a values (1);
                COMMIT;
            """,
            "migrations/20240102000000_twice.sql": """
                begin;
                insert into public.a values (2);
                commit;
                insert into public.a values (3);
                start transaction;
                insert into public.a values (4);
                end;
            """,
        },
        ("select id from public.a order by id",),
        ((1,), (2,), (3,), (4,)),
    ),
    Shape(
        "statements that no transaction may hold",
        {
            "migrations/20240101000000_table.sql": "create table public.big (id int);",
            "migrations/20240102000000_index.sql": """
                create index concurrently if not exists big_id on public.big (id);
                vacuum public.big;
            """,
        },
        ("select indisvalid from pg_index where indexrelid = 'public.big_id'::regclass",),
        ((True,),),
    ),
    Shape(
        "owners and default privileges",
        {
            "migrations/20240101000000_owners.sql": """
                create schema api;
                alter schema api owner to postgres;
                grant usage on schema api to anon, authenticated;
                alter default privileges in schema api grant select on tables to anon;
                alter default privileges for role postgres in schema api
                    revoke execute on functions from public;
                create table api.things (id int);
                alter table api.things owner to postgres;
                create function api.secret() returns int language sql as 'select 1';
                alter function api.secret() owner to postgres;
                alter schema public owner to postgres;
            """,
        },
        (
            (
                "select has_table_privilege('anon', 'api.things', 'select'),"
                " has_table_privilege('authenticated', 'api.things', 'select'),"
                " (select nspowner::regrole::text from pg_namespace where nspname = 'public')"
            ),
        ),
        ((True, False, "postgres"),),
    ),
    Shape(
        "functions before their tables, bodies unchecked",
        {
            "migrations/20240101000000_early.sql": """
                set check_function_bodies = off;
                create function public.total() returns bigint language sql stable as $$
                    select count(*) from public.later
                $$;
                create table public.later (id int);
                insert into public.later values (1), (2);
            """,
        },
        ("select public.total()",),
        ((2,),),
    ),
    Shape(
        "a schema as pg_dump writes it",
        {
            "migrations/20240101000000_remote_schema.sql": """
                SET statement_timeout = 0;
                SET lock_timeout = 0;
                SET idle_in_transaction_session_timeout = 0;
                SET client_encoding = 'UTF8';
                SET standard_conforming_strings = on;
                SELECT pg_catalog.set_config('search_path', '', false);
                SET check_function_bodies = false;
                SET xmloption = content;
                SET client_min_messages = warning;
                SET row_security = off;
                CREATE EXTENSION IF NOT EXISTS "pgsodium" WITH SCHEMA "pgsodium";
                COMMENT ON SCHEMA "public" IS 'standard public schema';
                CREATE EXTENSION IF NOT EXISTS "pg_graphql" WITH SCHEMA "graphql";
                CREATE EXTENSION IF NOT EXISTS "pg_stat_statements" WITH SCHEMA "extensions";
                CREATE EXTENSION IF NOT EXISTS "pgcrypto" WITH SCHEMA "extensions";
                CREATE EXTENSION IF NOT EXISTS "pgjwt" WITH SCHEMA "extensions";
                CREATE EXTENSION IF NOT EXISTS "supabase_vault" WITH SCHEMA "vault";
                CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA "extensions";
                CREATE TYPE "public"."kind" AS ENUM ('a', 'b');
                ALTER TYPE "public"."kind" OWNER TO "postgres";
                CREATE OR REPLACE FUNCTION "public"."touch"() RETURNS "trigger"
                    LANGUAGE "plpgsql" SECURITY DEFINER
                    AS $$ begin new.kind := 'b'; return new; end; $$;
                ALTER FUNCTION "public"."touch"() OWNER TO "postgres";
                SET default_tablespace = '';
                SET default_table_access_method = "heap";
                CREATE TABLE IF NOT EXISTS "public"."items" (
                    "id" bigint NOT NULL,
                    "owner" "uuid" DEFAULT "auth"."uid"() NOT NULL,
                    "token" "uuid" DEFAULT "extensions"."uuid_generate_v4"() NOT NULL,
                    "kind" "public"."kind" DEFAULT 'a'::"public"."kind"
                );
                ALTER TABLE "public"."items" OWNER TO "postgres";
                ALTER TABLE "public"."items" ALTER COLUMN "id"
                    ADD GENERATED BY DEFAULT AS IDENTITY (
                    SEQUENCE NAME "public"."items_id_seq" START WITH 1 INCREMENT BY 1
                    NO MINVALUE NO MAXVALUE CACHE 1
                );
                ALTER TABLE ONLY "public"."items" ADD CONSTRAINT "items_pkey" PRIMARY KEY ("id");
                CREATE OR REPLACE TRIGGER "touch" BEFORE INSERT ON "public"."items"
                    FOR EACH ROW EXECUTE FUNCTION "public"."touch"();
                ALTER TABLE ONLY "public"."items" ADD CONSTRAINT "items_owner_fkey"
                    FOREIGN KEY ("owner") REFERENCES "auth"."users"("id") ON DELETE CASCADE;
                CREATE POLICY "Own items" ON "public"."items" TO "authenticated"
                    USING ((( SELECT "auth"."uid"() AS "uid") = "owner"));
                ALTER TABLE "public"."items" ENABLE ROW LEVEL SECURITY;
                ALTER PUBLICATION "supabase_realtime" OWNER TO "postgres";
                GRANT USAGE ON SCHEMA "public" TO "anon";
                GRANT ALL ON TABLE "public"."items" TO "authenticated";
                GRANT ALL ON SEQUENCE "public"."items_id_seq" TO "authenticated";
                GRANT ALL ON FUNCTION "public"."touch"() TO "service_role";
                ALTER DEFAULT PRIVILEGES FOR ROLE "postgres" IN SCHEMA "public"
                    GRANT ALL ON SEQUENCES  TO "anon";
                RESET ALL;
            """,
            "migrations/20240102000000_unqualified.sql": """
                create table notes (id uuid default uuid_generate_v4());
            """,
            "seed.sql": ADA,
        },
        (
            AS_ADA,
            "insert into public.items default values",
            "select kind::text, owner = auth.uid() from public.items",
        ),
        (("b", True),),
    ),
    Shape(
        "an event trigger that guards new tables",
        {
            "migrations/20240101000000_guard.sql": """
                create function public.guard() returns event_trigger language plpgsql as $$
                declare
                    made record;
                begin
                    for made in select * from pg_event_trigger_ddl_commands() loop
                        execute format(
                            'alter table %s enable row level security', made.object_identity
                        );
                    end loop;
                end;
                $$;
                create event trigger guard on ddl_command_end when tag in ('CREATE TABLE')
                    execute function public.guard();
            """,
            "migrations/20240102000000_table.sql": "create table public.guarded (id int);",
        },
        ("select relrowsecurity from pg_class where oid = 'public.guarded'::regclass",),
        ((True,),),
    ),
    Shape(
        "roles of the project's own, and settings of the platform's",
        {
            "roles.sql": """
                create role reporting nologin;
                alter role authenticated set statement_timeout = '15s';
                alter role authenticator set pgrst.db_aggregates_enabled = 'true';
                notify pgrst, 'reload config';
            """,
            "migrations/20240101000000_grants.sql": """
                create table public.figures (id int);
                grant select on public.figures to reporting;
                grant reporting to authenticator;
            """,
        },
        (
            (
                "select has_table_privilege('reporting', 'public.figures', 'select'),"
                " pg_has_role('authenticator', 'reporting', 'member'),"
                " (select 'statement_timeout=15s' = any (setconfig) from pg_db_role_setting"
                " where setrole = 'authenticated'::regrole)"
            ),
        ),
        ((True, True, True),),
    ),
    Shape(
        "checks that are named as PostgreSQL 18 names a NOT NULL",
        {
            "migrations/20240101000000_people.sql": """
                create table public.people (id int primary key, email text not null, age int);
                alter table public.people drop constraint if exists people_email_not_null;
                alter table public.people
                    add constraint people_email_not_null check (email <> '') not valid;
                alter table public.people validate constraint people_email_not_null;
                alter table public.people
                    add constraint people_age_not_null check (age is not null);
                alter table public.people alter column age set not null;
                alter table public.people drop constraint people_age_not_null;
            """,
        },
        (
            (
                "select bool_and(attnotnull), (select pg_get_constraintdef(oid) from pg_constraint"
                " where conname = 'people_email_not_null') from pg_attribute"
                " where attrelid = 'public.people'::regclass and attnum > 0"
            ),
        ),
        ((True, "CHECK ((email <> ''::text))"),),
    ),
    Shape(
        "a replication slot, before which nothing may be written",
        {
            "migrations/20240101000000_slot.sql": """
                select pg_create_logical_replication_slot('replay_slot', 'pgoutput');
                create table public.after (id int);
            """,
            "migrations/20240102000000_slot.sql": """
                select pg_drop_replication_slot('replay_slot');
            """,
        },
        ("select version, name from supabase_migrations.schema_migrations order by 1",),
        (("20240101000000", "slot"), ("20240102000000", "slot")),
    ),
)
