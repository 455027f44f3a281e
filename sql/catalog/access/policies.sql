-- Policies in the server's own spelling, with the columns and functions that they read.
select
    p.oid::bigint as oid,
    p.polrelid::bigint as relation,
    p.polname as name,
    case p.polcmd
        when 'r' then 'select'
        when 'a' then 'insert'
        when 'w' then 'update'
        when 'd' then 'delete'
        else 'all'
    end as command,
    p.polpermissive as permissive,
    coalesce(
        (
            select pg_catalog.array_agg(coalesce(r.rolname, 'public') order by r.rolname)
            from pg_catalog.unnest(p.polroles) as u (role)
            left join pg_catalog.pg_roles as r on u.role = r.oid
        ), '{}'
    ) as roles,
    pg_catalog.pg_get_expr(p.polqual, p.polrelid) as using_expression,
    pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as check_expression,
    coalesce(
        (
            select pg_catalog.jsonb_agg(distinct pg_catalog.jsonb_build_array(d.refobjid::bigint, a.attname))
            from pg_catalog.pg_depend as d
            inner join pg_catalog.pg_attribute as a
                on d.refobjid = a.attrelid and d.refobjsubid = a.attnum
            where
                d.classid = 'pg_catalog.pg_policy'::regclass
                and d.objid = p.oid
                and d.refclassid = 'pg_catalog.pg_class'::regclass
                and d.refobjsubid > 0
        ), '[]'
    ) as reads,
    coalesce(
        (
            select pg_catalog.array_agg(distinct d.refobjid::bigint)
            from pg_catalog.pg_depend as d
            where
                d.classid = 'pg_catalog.pg_policy'::regclass
                and d.objid = p.oid
                and d.refclassid = 'pg_catalog.pg_proc'::regclass
        ), '{}'
    ) as functions
from pg_catalog.pg_policy as p
where p.polrelid = any(%(relations)s)
order by p.polrelid, p.polname
