-- Which columns of which relations a view or materialized view reads.
select distinct
    r.ev_class::bigint as relation,
    d.refobjid::bigint as source
from pg_catalog.pg_rewrite as r
inner join pg_catalog.pg_depend as d
    on d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid
where
    r.ev_class = any(%(relations)s)
    and d.refclassid = 'pg_catalog.pg_class'::regclass
    and d.refobjid <> r.ev_class
order by 1, 2
