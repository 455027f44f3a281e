-- What a project hands to Supabase's own services: hooks that Auth calls, tables that they read.
with held as (
    select
        x.grantee,
        'usage' as privilege,
        pg_catalog.quote_ident(n.nspname) as place
    from pg_catalog.pg_namespace as n
    cross join pg_catalog.aclexplode(n.nspacl) as x
    where x.privilege_type = 'USAGE' and n.nspname <> 'public' and n.nspname <> all(%(platform)s)
    union all
    select
        x.grantee,
        pg_catalog.lower(x.privilege_type),
        case when n.nspname = 'public' then '' else pg_catalog.quote_ident(n.nspname) || '.' end
        || pg_catalog.quote_ident(c.relname)
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
    cross join pg_catalog.aclexplode(c.relacl) as x
    where c.relkind = any('{r,p,v,m,f}') and n.nspname <> all(%(platform)s)
    union all
    select
        x.grantee,
        'execute',
        pg_catalog.format(
            '%%I.%%I(%%s)', n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes)
        )
    from pg_catalog.pg_proc as p
    inner join pg_catalog.pg_namespace as n on p.pronamespace = n.oid
    cross join pg_catalog.aclexplode(p.proacl) as x
    where n.nspname <> all(%(platform)s)
)

select
    r.rolname as role,
    h.place,
    pg_catalog.string_agg(h.privilege, ', ' order by h.privilege) as privileges
from held as h
inner join pg_catalog.pg_roles as r on h.grantee = r.oid
where r.rolname = any(%(services)s)
group by r.rolname, h.place
order by r.rolname, h.place
