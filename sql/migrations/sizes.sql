-- How large the tables of the target are, by the planner's estimate (no table is read).
select
    case
        when n.nspname = 'public' then pg_catalog.quote_ident(c.relname)
        else pg_catalog.format('%I.%I', n.nspname, c.relname)
    end as name,
    greatest(c.reltuples, 0)::bigint as estimated_rows,
    pg_catalog.pg_total_relation_size(c.oid)::bigint as bytes
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    c.relkind in ('r', 'm', 'p')
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
order by c.oid;
