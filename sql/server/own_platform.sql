-- The server's version, and whether this database already is a Supabase database.
select
    pg_catalog.current_setting('server_version_num')::integer as version,
    pg_catalog.to_regclass('auth.users') is not null
    and pg_catalog.to_regrole('anon') is not null
    and pg_catalog.to_regrole('authenticated') is not null as has_own
