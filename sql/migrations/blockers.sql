-- What this program's sessions wait for in this database, and who holds it.
-- Advisory locks are left out: those are how two runs of this program wait for each other.
select
    waiting.pid as waiting_pid,
    coalesce(lock.relation::regclass::text, lock.locktype) as wanted,
    lock.mode,
    holder.pid as holder_pid,
    holder.usename as holder_user,
    holder.application_name as holder_application,
    holder.state as holder_state,
    extract(epoch from clock_timestamp() - holder.xact_start)::float8 as holder_seconds,
    left(holder.query, 200) as holder_query
from pg_catalog.pg_stat_activity as waiting
inner join pg_catalog.pg_locks as lock on waiting.pid = lock.pid and not lock.granted
inner join pg_catalog.pg_stat_activity as holder
    on holder.pid = any(pg_catalog.pg_blocking_pids(waiting.pid))
where
    waiting.datname = current_database()
    and waiting.application_name = current_setting('application_name')
    and waiting.pid <> pg_catalog.pg_backend_pid()
    and lock.locktype <> 'advisory'
order by waiting.pid, holder.pid
limit 1;
