-- Which roles the API roles are members of, beyond themselves, and dangerous role attributes.
select
    r.rolname as role,
    r.rolsuper or r.rolbypassrls as above_rls,
    pg_catalog.array_remove(
        array[
            case when r.rolcreaterole then 'able to create roles' end,
            case when r.rolcreatedb then 'able to create databases' end,
            case when r.rolreplication then 'able to replicate' end,
            case when r.rolcanlogin then 'able to log in' end
        ], null
    ) as attributes,
    coalesce(
        (
            select pg_catalog.array_agg(g.rolname order by g.rolname)
            from pg_catalog.pg_roles as g
            where g.oid <> r.oid and not r.rolsuper and pg_catalog.pg_has_role(r.oid, g.oid, 'member')
        ), '{}'
    ) as member_of
from pg_catalog.pg_roles as r
where r.rolname = any(%(roles)s)
order by r.rolname
