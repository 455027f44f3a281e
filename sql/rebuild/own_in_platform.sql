-- Objects that somebody else than Supabase made in the platform's schemas, as projects could until
-- April 2025: helper functions in auth, for one.
with objects as (
    select
        rel.relnamespace as schema,
        rel.relname as name,
        'relation' as kind,
        rel.relowner as owner,
        'pg_catalog.pg_class'::regclass as catalog,
        rel.oid
    from pg_catalog.pg_class as rel
    where rel.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
    union all
    select
        pro.pronamespace,
        pro.proname,
        'function',
        pro.proowner,
        'pg_catalog.pg_proc'::regclass,
        pro.oid
    from pg_catalog.pg_proc as pro
    union all
    select
        typ.typnamespace,
        typ.typname,
        'type',
        typ.typowner,
        'pg_catalog.pg_type'::regclass,
        typ.oid
    from pg_catalog.pg_type as typ
    left join pg_catalog.pg_class as rel on typ.typrelid = rel.oid
    where typ.typtype in ('e', 'd', 'r', 'c') and coalesce(rel.relkind, 'c') = 'c'
)

select
    nsp.nspname as schema,
    objects.kind,
    objects.name,
    pg_catalog.pg_get_userbyid(objects.owner) not like 'supabase\_%%'
    and pg_catalog.pg_get_userbyid(objects.owner) not in ('dashboard_user', 'pgbouncer')
    and not exists (
        select 1
        from pg_catalog.pg_depend as dep
        where
            dep.classid = objects.catalog
            and dep.objid = objects.oid
            and dep.deptype = 'e'
    ) as is_own
from objects
inner join pg_catalog.pg_namespace as nsp on objects.schema = nsp.oid
where nsp.nspname = any(%(platform)s::text[])
order by schema, kind, name;
