-- What CREATE DATABASE … TEMPLATE leaves behind: the statements that give a copy its original's
-- grants and settings. Parameters: the original's name, the copy's name.
select format(
    'grant %%s on database %%I to %%s%%s',
    string_agg(x.privilege_type, ', ' order by x.privilege_type),
    %(copy)s::text,
    case x.grantee when 0 then 'public' else x.grantee::regrole::text end,
    case when x.is_grantable then ' with grant option' else '' end
)
from pg_catalog.pg_database as d
cross join lateral pg_catalog.aclexplode(d.datacl) as x
where d.datname = %(original)s and x.grantee <> d.datdba
group by x.grantee, x.is_grantable

union all

select format('revoke connect, temporary on database %%I from public', %(copy)s::text)
from pg_catalog.pg_database as d
where
    d.datname = %(original)s
    and d.datacl is not null
    and not exists (
        select 1
        from pg_catalog.aclexplode(d.datacl) as x
        where x.grantee = 0
    )

union all

select format(
    'alter %%s set %%s to %%s',
    case s.setrole
        when 0 then format('database %%I', %(copy)s::text)
        else format('role %%s in database %%I', s.setrole::regrole, %(copy)s::text)
    end,
    split_part(c.setting, '=', 1),
    -- A list such as search_path is stored ready to be used as it is.
    case
        when split_part(c.setting, '=', 1) in (
            'search_path', 'temp_tablespaces', 'session_preload_libraries',
            'local_preload_libraries', 'datestyle'
        )
            then substr(c.setting, position('=' in c.setting) + 1)
        else quote_literal(substr(c.setting, position('=' in c.setting) + 1))
    end
)
from pg_catalog.pg_database as d
inner join pg_catalog.pg_db_role_setting as s on d.oid = s.setdatabase
cross join lateral unnest(s.setconfig) as c (setting)
where d.datname = %(original)s
