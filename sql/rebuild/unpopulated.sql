-- Materialized views that hold no rows because they were never filled.
select pg_catalog.format('%I.%I', nsp.nspname, rel.relname) as name
from pg_catalog.pg_class as rel
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
where rel.relkind = 'm' and not rel.relispopulated
order by rel.oid;
