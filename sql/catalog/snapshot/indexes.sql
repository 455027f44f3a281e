-- Indexes, those behind constraints included, and whether they can be used.
select
    pg_catalog.format('%%s.%%s.%%s', nsp.nspname, rel.relname, idx.relname) as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'definition', pg_catalog.pg_get_indexdef(idx.oid),
            'valid', nullif(ind.indisvalid, true),
            'clustered', nullif(ind.indisclustered, false),
            'replica_identity', nullif(ind.indisreplident, false)
        )
    ) as facts
from pg_catalog.pg_index as ind
inner join pg_catalog.pg_class as idx on ind.indexrelid = idx.oid
inner join pg_catalog.pg_class as rel on ind.indrelid = rel.oid
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
where
    (%(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[]))
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
