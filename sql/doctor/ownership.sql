-- Objects in the exposed schemas that the current role may not alter, because it neither owns them
-- nor is a member of their owner. What an extension brought is the extension's business.
-- Parameter: the schemas.
with objects as (
    select
        nsp.nspname,
        case rel.relkind
            when 'v' then 'view'
            when 'm' then 'materialized view'
            when 'S' then 'sequence'
            when 'f' then 'foreign table'
            else 'table'
        end as kind,
        rel.relname as name,
        rel.relowner as owner,
        'pg_catalog.pg_class'::regclass as catalog,
        rel.oid
    from pg_catalog.pg_class as rel
    inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
    where rel.relkind in ('r', 'p', 'v', 'm', 'S', 'f')

    union all

    select
        nsp.nspname,
        'function' as kind,
        pro.proname as name,
        pro.proowner as owner,
        'pg_catalog.pg_proc'::regclass as catalog,
        pro.oid
    from pg_catalog.pg_proc as pro
    inner join pg_catalog.pg_namespace as nsp on pro.pronamespace = nsp.oid
)

select
    obj.kind,
    pg_catalog.format('%%I.%%I', obj.nspname, obj.name) as name,
    pg_catalog.pg_get_userbyid(obj.owner)::text as owner
from objects as obj
where
    obj.nspname = any (%(schemas)s::text [])
    and not pg_catalog.pg_has_role(obj.owner, 'usage')
    and not exists (
        select 1
        from pg_catalog.pg_depend as dep
        where dep.classid = obj.catalog and dep.objid = obj.oid and dep.deptype = 'e'
    )
order by obj.kind, name
