-- Rewrite rules other than those that make a view.
select
    pg_catalog.format('%%s.%%s.%%s', nsp.nspname, rel.relname, rul.rulename) as name,
    pg_catalog.jsonb_build_object('definition', pg_catalog.pg_get_ruledef(rul.oid)) as facts
from pg_catalog.pg_rewrite as rul
inner join pg_catalog.pg_class as rel on rul.ev_class = rel.oid
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
where
    rul.rulename <> '_RETURN'
    and (%(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[]))
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
