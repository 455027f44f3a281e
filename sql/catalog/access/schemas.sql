-- Schemas, and which roles may look inside them.
select
    n.nspname as name,
    coalesce(
        (
            select pg_catalog.array_agg(r.rolname order by r.rolname)
            from pg_catalog.pg_roles as r
            where
                r.rolname = any(%(roles)s)
                and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage')
        ), '{}'
    ) as usable_by,
    coalesce(
        (
            select pg_catalog.array_agg(r.rolname order by r.rolname)
            from pg_catalog.pg_roles as r
            where
                r.rolname = any(%(roles)s)
                and pg_catalog.has_schema_privilege(r.oid, n.oid, 'create')
        ), '{}'
    ) as creatable_by
from pg_catalog.pg_namespace as n
where n.nspname not like 'pg\_%%' and n.nspname <> 'information_schema'
order by n.nspname
