-- Which platform is installed in this database: the comment that the installation leaves behind.
select pg_catalog.obj_description(oid, 'pg_event_trigger') as mark
from pg_catalog.pg_event_trigger
where evtname = 'supautils_return';
