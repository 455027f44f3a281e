-- Sequences outside the platform, and the privileges that each role holds on them.
select
    n.nspname as schema,
    c.relname as name,
    coalesce(
        (
            select
                pg_catalog.jsonb_object_agg(
                    r.rolname,
                    pg_catalog.concat(
                        case
                            when pg_catalog.has_sequence_privilege(r.oid, c.oid, 'usage') then 'U'
                        end,
                        case
                            when pg_catalog.has_sequence_privilege(r.oid, c.oid, 'select') then 'r'
                        end,
                        case
                            when pg_catalog.has_sequence_privilege(r.oid, c.oid, 'update') then 'w'
                        end
                    )
                )
            from pg_catalog.pg_roles as r
            where r.rolname = any(%(roles)s)
        ), '{}'
    ) as privileges
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    c.relkind = 'S'
    and n.nspname <> all(%(platform)s)
    and n.nspname not like 'pg\_%%'
order by n.nspname, c.relname
