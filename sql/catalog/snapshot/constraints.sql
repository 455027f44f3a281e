-- Constraints of tables and domains. Not-null constraints, which PostgreSQL 18 lists as well, are
-- told with their columns.
select
    pg_catalog.format(
        '%%s.%%s.%%s', nsp.nspname, coalesce(rel.relname, dom.typname), con.conname
    ) as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'definition', pg_catalog.pg_get_constraintdef(con.oid),
            'validated', nullif(con.convalidated, true)
        )
    ) as facts
from pg_catalog.pg_constraint as con
inner join pg_catalog.pg_namespace as nsp on con.connamespace = nsp.oid
left join pg_catalog.pg_class as rel on con.conrelid = rel.oid
left join pg_catalog.pg_type as dom on con.contypid = dom.oid
where
    con.contype in ('c', 'f', 'p', 'u', 'x')
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
    and (
        %(members)s
        or not exists (
            select 1
            from pg_catalog.pg_depend as dep
            where
                dep.classid = 'pg_catalog.pg_type'::regclass
                and dep.objid = dom.oid
                and dep.deptype = 'e'
        )
    )
order by name;
