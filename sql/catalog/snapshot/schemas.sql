-- Schemas and their owners.
select
    nsp.nspname as name,
    pg_catalog.jsonb_build_object('owner', pg_catalog.pg_get_userbyid(nsp.nspowner)) as facts
from pg_catalog.pg_namespace as nsp
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
                dep.classid = 'pg_catalog.pg_namespace'::regclass
                and dep.objid = nsp.oid
                and dep.deptype = 'e'
        )
    )
order by name;
