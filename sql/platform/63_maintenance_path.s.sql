-- Since PostgreSQL 17 CREATE INDEX, CREATE MATERIALIZED VIEW and REFRESH run functions without the
-- search_path of the session: one that says unaccent(…) or names a table without its schema fails.
-- The projects of this era ran on PostgreSQL 15, where that works. So for the length of such a
-- statement, functions without a search_path of their own are given the session's: those that the
-- statement names, and for materialized views those that any view calls.
create or replace function pg_catalog.supautils_path() returns event_trigger
language plpgsql security definer  -- writes pg_proc
set search_path to ''
set allow_system_table_mods to 'on'
as $$
declare
    -- A setting of the function hides the session's search_path from current_setting.
    path constant text := pg_catalog.current_setting('supautils.path', true);
    lent text;
begin
    with named as (
        select p.oid
        from pg_catalog.regexp_matches(
            pg_catalog.current_query(), '[[:alnum:]_$]+', 'g'
        ) as words (word)
        inner join pg_catalog.pg_proc as p
            on p.proname in (words.word[1]::name, pg_catalog.lower(words.word[1])::name)
        union
        select dep.refobjid
        from pg_catalog.pg_depend as dep
        where
            tg_tag <> 'CREATE INDEX'
            and dep.classid = 'pg_catalog.pg_rewrite'::regclass
            and dep.refclassid = 'pg_catalog.pg_proc'::regclass
    ),

    changed as (
        update pg_catalog.pg_proc as p
        set proconfig = pg_catalog.array_append(p.proconfig, 'search_path=' || path)
        from named, pg_catalog.pg_language as lang
        where
            p.oid = named.oid
            and p.prolang = lang.oid
            and lang.lanname in ('sql', 'plpgsql')
            and p.pronamespace <> 'pg_catalog'::regnamespace
            and p.prokind = 'f'
            and not pg_catalog.array_to_string(
                coalesce(p.proconfig, '{}'), E'\n'
            ) ~* '(^|\n)search_path='
        returning p.oid
    )

    select pg_catalog.string_agg(changed.oid::text, ',' order by changed.oid)
    into lent
    from changed;
    perform pg_catalog.set_config('supautils.paths', coalesce(lent, ''), true);
end
$$;

create or replace function pg_catalog.supautils_path_caller() returns event_trigger
language plpgsql
as $$
begin
    perform pg_catalog.set_config(
        'supautils.path', pg_catalog.current_setting('search_path'), true
    );
end
$$;

create or replace function pg_catalog.supautils_path_return() returns event_trigger
language plpgsql security definer  -- writes pg_proc
set search_path to ''
set allow_system_table_mods to 'on'
as $$
begin
    update pg_catalog.pg_proc as p
    set
        proconfig = nullif(
            pg_catalog.array_remove(
                p.proconfig,
                'search_path=' || pg_catalog.current_setting('supautils.path', true)
            ),
            '{}'
        )
    where
        p.oid = any(
            pg_catalog.string_to_array(
                nullif(pg_catalog.current_setting('supautils.paths', true), ''), ','
            )::oid []
        );
    perform pg_catalog.set_config('supautils.paths', '', true);
end
$$;

do $$
begin
    if pg_catalog.current_setting('server_version_num')::integer >= 170000 then
        create event trigger supautils_path_1_caller on ddl_command_start
        when tag in ('CREATE INDEX', 'CREATE MATERIALIZED VIEW', 'REFRESH MATERIALIZED VIEW')
        execute function pg_catalog.supautils_path_caller();
        create event trigger supautils_path_2_loan on ddl_command_start
        when tag in ('CREATE INDEX', 'CREATE MATERIALIZED VIEW', 'REFRESH MATERIALIZED VIEW')
        execute function pg_catalog.supautils_path();
        create event trigger supautils_path_return on ddl_command_end
        when tag in ('CREATE INDEX', 'CREATE MATERIALIZED VIEW', 'REFRESH MATERIALIZED VIEW')
        execute function pg_catalog.supautils_path_return();
        alter event trigger supautils_path_1_caller enable always;
        alter event trigger supautils_path_2_loan enable always;
        alter event trigger supautils_path_return enable always;
    end if;
end
$$;
