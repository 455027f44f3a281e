-- Tables: kind, owner, the row level security flags, partitioning, storage options.
select
    pg_catalog.format('%%s.%%s', nsp.nspname, rel.relname) as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'kind', case rel.relkind
                when 'r' then case when rel.relispartition then 'partition' else 'table' end
                when 'p' then 'partitioned table'
                when 'f' then 'foreign table'
            end,
            'owner', pg_catalog.pg_get_userbyid(rel.relowner),
            'row_security', rel.relrowsecurity,
            'force_row_security', rel.relforcerowsecurity,
            'unlogged', nullif(rel.relpersistence = 'u', false),
            'options', rel.reloptions,
            'replica_identity', nullif(rel.relreplident, 'd'),
            'partition_key', case
                when rel.relkind = 'p' then pg_catalog.pg_get_partkeydef(rel.oid)
            end,
            'partition_bound', pg_catalog.pg_get_expr(rel.relpartbound, rel.oid),
            'parents', (
                select
                    pg_catalog.jsonb_agg(parent.inhparent::regclass::text order by parent.inhseqno)
                from pg_catalog.pg_inherits as parent
                where parent.inhrelid = rel.oid
            )
        )
    ) as facts
from pg_catalog.pg_class as rel
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
where
    rel.relkind in ('r', 'p', 'f')
    and (%(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[]))
    and nsp.nspname <> all(%(excluded)s::text[])
    and nsp.nspname not like 'pg\_t%%'
    and nsp.nspname not in ('pg_catalog', 'information_schema')
    and not exists (
        select 1
        from pg_catalog.pg_inherits as part
        where
            part.inhrelid = rel.oid
            and part.inhparent = pg_catalog.to_regclass('realtime.messages')
    )
    and (
        %(members)s
        or not exists (
            select 1
            from pg_catalog.pg_depend as dep
            where
                dep.classid = 'pg_catalog.pg_class'::regclass
                and dep.objid = rel.oid
                and dep.deptype = 'e'
        )
    )
order by name;
