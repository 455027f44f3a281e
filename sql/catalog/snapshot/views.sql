-- Views and materialized views: query, options (security_invoker among them), owner.
select
    pg_catalog.format('%%s.%%s', nsp.nspname, rel.relname) as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'kind', case rel.relkind when 'm' then 'materialized view' else 'view' end,
            'owner', pg_catalog.pg_get_userbyid(rel.relowner),
            'options', rel.reloptions,
            'definition', pg_catalog.btrim(pg_catalog.pg_get_viewdef(rel.oid), E' \n;')
        )
    ) as facts
from pg_catalog.pg_class as rel
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
where
    rel.relkind in ('v', 'm')
    and (%(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[]))
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
