-- The settings that roles begin with. Of settings with a name of somebody's own making only those
-- of the Data API's database are told: the others may hold secrets.
with settings as (
    select
        rol.rolname,
        kept.setdatabase,
        pg_catalog.split_part(line.text, '=', 1) as name,
        pg_catalog.substr(line.text, pg_catalog.strpos(line.text, '=') + 1) as value
    from pg_catalog.pg_db_role_setting as kept
    inner join pg_catalog.pg_roles as rol on kept.setrole = rol.oid
    cross join lateral pg_catalog.unnest(kept.setconfig) as line (text)
)

select
    pg_catalog.format('%%s of %%s', setting.name, setting.rolname) as name,
    pg_catalog.format(
        'alter role %%I set %%s to %%s', setting.rolname, setting.name,
        -- A list such as search_path is stored ready to be used as it is.
        case
            when
                setting.name in (
                    'search_path', 'temp_tablespaces', 'session_preload_libraries',
                    'local_preload_libraries', 'datestyle'
                )
                then setting.value
            else pg_catalog.quote_literal(setting.value)
        end
    ) as make,
    pg_catalog.format('alter role %%I reset %%s', setting.rolname, setting.name) as unmake
from settings as setting
where
    setting.setdatabase = 0
    and setting.rolname not like 'pg\_%%'
    and setting.rolname not like 'supabase\_%%'
    and setting.rolname not in ('dashboard_user', 'pgbouncer')
    and (pg_catalog.strpos(setting.name, '.') = 0 or setting.name like 'pgrst.db\_%%')
order by name;
