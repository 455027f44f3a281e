-- As much of an older Supabase project as nasty.sql needs, for a server without our platform layer.
create role postgres createrole createdb login bypassrls;
create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;
create role authenticator noinherit login;
create role supabase_auth_admin noinherit createrole login;
create role supabase_storage_admin noinherit createrole login;
grant anon, authenticated, service_role to authenticator, postgres;
create schema auth authorization supabase_auth_admin;
create schema storage authorization supabase_storage_admin;
create schema realtime;
create schema extensions;
grant usage on schema auth, storage, realtime, extensions, public
to postgres, anon, authenticated, service_role;
grant all on schema public to postgres with grant option;
create extension pgcrypto with schema extensions;
alter default privileges for role postgres in schema public
grant all on tables to anon, authenticated, service_role;
create table auth.users (id uuid primary key, email text, raw_user_meta_data jsonb);
create table auth.an_older_table (id integer);
alter table auth.users owner to supabase_auth_admin;
alter table auth.an_older_table owner to supabase_auth_admin;
grant all on auth.users to postgres;
create function auth.jwt() returns jsonb language sql stable
as $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
create function auth.uid() returns uuid language sql stable
as $$ select (auth.jwt() ->> 'sub')::uuid $$;
alter function auth.jwt() owner to supabase_auth_admin;
alter function auth.uid() owner to supabase_auth_admin;
create table storage.buckets (
    id text primary key, name text not null, public boolean default false,
    file_size_limit bigint, allowed_mime_types text[]
);
create table storage.objects (
    id uuid primary key default gen_random_uuid(), bucket_id text references storage.buckets,
    name text, owner uuid
);
alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;
create function storage.foldername(name text) returns text[] language sql
as $$ select string_to_array(name, '/') $$;
create table realtime.messages (topic text not null, inserted_at timestamp not null)
partition by range (inserted_at);
create function realtime.topic() returns text language sql stable as $$ select 'x' $$;
grant all on storage.buckets, storage.objects, realtime.messages
to postgres, anon, authenticated, service_role;
create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;
-- As supautils does on Supabase: postgres may create policies and triggers there.
grant supabase_auth_admin, supabase_storage_admin to postgres;
grant trigger on auth.users to postgres;
alter table storage.objects owner to postgres;
alter table storage.buckets owner to postgres;
alter table realtime.messages owner to postgres;
