-- Which of some relations have rules on INSERT; COPY does not fire them.
select distinct w.ev_class::bigint as relation
from pg_catalog.pg_rewrite as w
where w.ev_class = any(%(relations)s::oid []) and w.ev_type = '3' and w.ev_enabled <> 'D'
order by 1
