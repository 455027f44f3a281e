-- The locks on relations that this session's transaction holds.
select
    l.relation::bigint as oid,
    l.mode
from pg_catalog.pg_locks as l
where
    l.pid = pg_catalog.pg_backend_pid()
    and l.locktype = 'relation'
    and l.granted
    and l.database = (
        select d.oid
        from pg_catalog.pg_database as d
        where d.datname = current_database()
    )
order by l.relation, l.mode;
