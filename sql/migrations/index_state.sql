-- Whether an index of that name is on that table, and whether it is valid.
select i.indisvalid
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as c on i.indexrelid = c.oid
where
    c.relname = %(index)s
    and i.indrelid = pg_catalog.to_regclass(%(table)s);
