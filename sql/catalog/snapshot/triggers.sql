-- Triggers that somebody wrote; those behind foreign keys belong to their constraints.
select
    pg_catalog.format('%%s.%%s.%%s', nsp.nspname, rel.relname, trg.tgname) as name,
    pg_catalog.jsonb_build_object(
        'definition', pg_catalog.pg_get_triggerdef(trg.oid),
        'enabled', case trg.tgenabled
            when 'O' then 'yes'
            when 'D' then 'no'
            when 'R' then 'replica'
            else 'always'
        end
    ) as facts
from pg_catalog.pg_trigger as trg
inner join pg_catalog.pg_class as rel on trg.tgrelid = rel.oid
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
where
    not trg.tgisinternal
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
