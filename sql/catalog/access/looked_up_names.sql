-- The names that are found by a search_path and not in pg_catalog, which is always searched: of
-- functions, of tables and views, and of types. Not what the observation itself brings along.
select
    'function' as kind,
    pro.proname as name
from pg_catalog.pg_proc as pro
where
    pro.pronamespace not in (
        select nsp.oid from pg_catalog.pg_namespace as nsp
        where nsp.nspname in ('pg_catalog', 'prospectr_access')
    )
    and not exists (
        select from pg_catalog.pg_proc as builtin
        where
            builtin.proname = pro.proname
            and builtin.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
    )
union
select
    'relation' as kind,
    rel.relname as name
from pg_catalog.pg_class as rel
where
    rel.relkind in ('r', 'p', 'v', 'm', 'f')
    and rel.relnamespace not in (
        select nsp.oid from pg_catalog.pg_namespace as nsp
        where nsp.nspname in ('pg_catalog', 'prospectr_access')
    )
union
select
    'type' as kind,
    typ.typname as name
from pg_catalog.pg_type as typ
where
    typ.typtype in ('e', 'd', 'c', 'r')
    and typ.typnamespace not in (
        select nsp.oid from pg_catalog.pg_namespace as nsp
        where nsp.nspname in ('pg_catalog', 'prospectr_access')
    )
order by
    kind,
    name;
