-- Since PostgreSQL 18 every NOT NULL is a constraint with a name, TABLE_COLUMN_not_null. Projects
-- name their own constraints so: `add constraint t_c_not_null check (c is not null)`, often after
-- `drop constraint if exists t_c_not_null`. On the versions that Supabase runs no NOT NULL has a
-- name. So one whose name an ALTER TABLE mentions gets another, just before.
create or replace function pg_catalog.supautils_not_null() returns event_trigger
language plpgsql security definer  -- writes pg_constraint
set search_path to ''
set allow_system_table_mods to 'on'
as $$
begin
    if pg_catalog.strpos(pg_catalog.lower(pg_catalog.current_query()), '_not_null') = 0 then
        return;
    end if;
    update pg_catalog.pg_constraint as con
    set conname = pg_catalog.left(con.conname::text, 50) || '_' || con.oid
    where
        con.contype = 'n'
        and con.conname in (
            select words.word[1]
            from pg_catalog.regexp_matches(
                pg_catalog.current_query(), '[[:alnum:]_$]+_not_null[[:alnum:]_$]*', 'gi'
            ) as words (word)
            union all
            select pg_catalog.lower(words.word[1])
            from pg_catalog.regexp_matches(
                pg_catalog.current_query(), '[[:alnum:]_$]+_not_null[[:alnum:]_$]*', 'gi'
            ) as words (word)
        );
end
$$;

do $$
begin
    if pg_catalog.current_setting('server_version_num')::integer >= 180000 then
        create event trigger supautils_not_null on ddl_command_start
        when tag in ('ALTER TABLE')
        execute function pg_catalog.supautils_not_null();
        alter event trigger supautils_not_null enable always;
    end if;
end
$$;
