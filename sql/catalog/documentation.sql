-- What the generated reference says of each table and view of a schema: comments, columns, keys,
-- policies and grants to the API's roles. One row a relation.
select
    c.oid::regclass::text as name,
    case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end as kind,
    c.relrowsecurity as rls,
    obj_description(c.oid, 'pg_class') as comment,
    (
        select coalesce(jsonb_agg(
            jsonb_build_object(
                'name', a.attname,
                'type', format_type(a.atttypid, a.atttypmod),
                'nullable', not a.attnotnull,
                'default', pg_get_expr(d.adbin, d.adrelid),
                'comment', col_description(c.oid, a.attnum)
            )
            order by a.attnum
        ), '[]'::jsonb)
        from pg_catalog.pg_attribute as a
        left join pg_catalog.pg_attrdef as d on a.attrelid = d.adrelid and a.attnum = d.adnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ) as columns,
    (
        select coalesce(jsonb_agg(
            jsonb_build_object('name', k.conname, 'definition', pg_get_constraintdef(k.oid))
            order by k.contype <> 'p', k.conname
        ), '[]'::jsonb)
        from pg_catalog.pg_constraint as k
        where k.conrelid = c.oid and k.contype in ('p', 'u', 'f', 'c', 'x')
    ) as constraints,
    (
        select coalesce(jsonb_agg(
            jsonb_build_object(
                'name', p.polname,
                'command', case p.polcmd
                    when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                    when 'd' then 'delete' else 'all'
                end,
                'roles', (
                    select jsonb_agg(coalesce(r.rolname, 'public') order by r.rolname)
                    from unnest(p.polroles) as member (oid)
                    left join pg_catalog.pg_roles as r on member.oid = r.oid
                ),
                'using', pg_get_expr(p.polqual, p.polrelid),
                'check', pg_get_expr(p.polwithcheck, p.polrelid),
                'permissive', p.polpermissive,
                'comment', obj_description(p.oid, 'pg_policy')
            )
            order by p.polname
        ), '[]'::jsonb)
        from pg_catalog.pg_policy as p
        where p.polrelid = c.oid
    ) as policies
from pg_catalog.pg_class as c
where c.relnamespace = any(%(schemas)s::regnamespace []) and c.relkind in ('r', 'p', 'v', 'm')
order by c.oid::regclass::text
