-- How large the tables of the target are, by the planner's estimate (no table is read).
select
    c.oid::regclass::text as name,
    greatest(c.reltuples, 0)::bigint as estimated_rows,
    pg_catalog.pg_total_relation_size(c.oid)::bigint as bytes
from pg_catalog.pg_class as c
where
    c.relkind in ('r', 'm', 'p')
    and c.relnamespace not in (
        'pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace
    )
order by c.oid;
