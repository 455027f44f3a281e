-- Row level security policies.
select
    pg_catalog.format('%%s.%%s.%%s', nsp.nspname, rel.relname, pol.polname) as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'command', case pol.polcmd
                when 'r' then 'select'
                when 'a' then 'insert'
                when 'w' then 'update'
                when 'd' then 'delete'
                else 'all'
            end,
            'permissive', pol.polpermissive,
            'roles', (
                select
                    pg_catalog.jsonb_agg(
                        coalesce(rol.rolname, 'public') order by coalesce(rol.rolname, 'public')
                    )
                from pg_catalog.unnest(pol.polroles) as listed (role)
                left join pg_catalog.pg_roles as rol on listed.role = rol.oid
            ),
            'using', pg_catalog.pg_get_expr(pol.polqual, pol.polrelid),
            'check', pg_catalog.pg_get_expr(pol.polwithcheck, pol.polrelid)
        )
    ) as facts
from pg_catalog.pg_policy as pol
inner join pg_catalog.pg_class as rel on pol.polrelid = rel.oid
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
where
    (%(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[]))
    and nsp.nspname <> all(%(excluded)s::text[])
    and nsp.nspname not like 'pg\_t%%'
    and nsp.nspname not in ('pg_catalog', 'information_schema')
    and (
        %(members)s
        or not exists (
            select 1
            from pg_catalog.pg_depend as dep
            where
                dep.classid = 'pg_catalog.pg_class'::regclass
                and dep.objid = rel.oid
                and dep.deptype = 'e'
        )
    )
order by name;
