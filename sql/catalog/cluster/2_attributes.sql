-- What roles may do by themselves, for those that are not Supabase's own logins. A role that is a
-- superuser is told without that: there is nothing to observe as one.
select
    rol.rolname as name,
    pg_catalog.format(
        'alter role %%I with %%s', rol.rolname,
        pg_catalog.concat_ws(
            ' ',
            case when rol.rolinherit then 'inherit' else 'noinherit' end,
            case when rol.rolcreaterole then 'createrole' else 'nocreaterole' end,
            case when rol.rolcreatedb then 'createdb' else 'nocreatedb' end,
            case when rol.rolcanlogin then 'login' else 'nologin' end,
            case when rol.rolbypassrls then 'bypassrls' else 'nobypassrls' end
        )
    ) as make,
    null::text as unmake
from pg_catalog.pg_roles as rol
where
    rol.rolname not like 'pg\_%%'
    and rol.oid >= 16384
    and rol.rolname not like 'supabase\_%%'
    and rol.rolname not in ('postgres', 'dashboard_user', 'pgbouncer')
order by name;
