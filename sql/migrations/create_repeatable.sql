-- Which repeatable files have run, by the hash of what they held then. Made when one is met.
create schema if not exists supabase_migrations;

create table if not exists supabase_migrations.prospectr_repeatable (
    path text not null primary key,
    hash text not null,
    applied_at timestamptz not null default clock_timestamp()
);
