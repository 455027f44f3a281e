-- How far a migration has come that cannot run in one transaction. Made only when one is met;
-- its row goes when the migration is finished and its history row is written.
-- statements: what has been committed. running: what had begun and may or may not have ended.
create schema if not exists supabase_migrations;

create table if not exists supabase_migrations.prospectr_unfinished (
    version text not null primary key,
    name text not null,
    statements text[] not null,
    running text,
    updated_at timestamptz not null default clock_timestamp()
);
