-- Sequences: how they count, and the column that owns them. Where they stand is data, not shape.
select
    pg_catalog.format('%%s.%%s', nsp.nspname, rel.relname) as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'owner', pg_catalog.pg_get_userbyid(rel.relowner),
            'type', seq.seqtypid::regtype::text,
            'start', seq.seqstart,
            'increment', seq.seqincrement,
            'minimum', seq.seqmin,
            'maximum', seq.seqmax,
            'cycle', seq.seqcycle,
            'owned_by', (
                select pg_catalog.format('%%s.%%s', dep.refobjid::regclass, att.attname)
                from pg_catalog.pg_depend as dep
                inner join pg_catalog.pg_attribute as att
                    on dep.refobjid = att.attrelid and dep.refobjsubid = att.attnum
                where
                    dep.classid = 'pg_catalog.pg_class'::regclass
                    and dep.objid = rel.oid
                    and dep.deptype in ('a', 'i')
                order by att.attnum
                limit 1
            )
        )
    ) as facts
from pg_catalog.pg_sequence as seq
inner join pg_catalog.pg_class as rel on seq.seqrelid = rel.oid
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
where
    (%(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[]))
    and nsp.nspname <> all(%(excluded)s::text[])
    and nsp.nspname not like 'pg\_t%%'
    and nsp.nspname not in ('pg_catalog', 'information_schema')
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
