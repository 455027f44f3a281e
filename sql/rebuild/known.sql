-- What is in the platform's schemas, as pg_dump names it.
select pg_catalog.concat(nsp.nspname, '.', rel.relname) as name
from pg_catalog.pg_class as rel
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
where nsp.nspname = any(%(platform)s::text[])
union
select pg_catalog.concat(nsp.nspname, '.', typ.typname)
from pg_catalog.pg_type as typ
inner join pg_catalog.pg_namespace as nsp on typ.typnamespace = nsp.oid
where nsp.nspname = any(%(platform)s::text[])
union
select
    pg_catalog.concat(
        nsp.nspname, '.', pro.proname, '(', pg_catalog.oidvectortypes(pro.proargtypes), ')'
    )
from pg_catalog.pg_proc as pro
inner join pg_catalog.pg_namespace as nsp on pro.pronamespace = nsp.oid
where nsp.nspname = any(%(platform)s::text[])
order by name;
