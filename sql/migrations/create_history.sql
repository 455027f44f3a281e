-- The Supabase CLI's own history table, in its own form. Runs only where a column is missing.
create schema if not exists supabase_migrations;

create table if not exists supabase_migrations.schema_migrations (
    version text not null primary key
);

alter table supabase_migrations.schema_migrations add column if not exists statements text[];

alter table supabase_migrations.schema_migrations add column if not exists name text;
