-- Primary keys, unique constraints and indexes, foreign keys, checks and exclusion constraints.
select
    k.conrelid::bigint as relation,
    k.conname as name,
    k.contype::text as kind,
    coalesce(
        (
            select pg_catalog.array_agg(a.attname order by u.place)
            from pg_catalog.unnest(k.conkey) with ordinality as u (number, place)
            inner join pg_catalog.pg_attribute as a
                on k.conrelid = a.attrelid and u.number = a.attnum
        ), '{}'
    ) as columns,
    nullif(k.confrelid, 0)::bigint as target,
    coalesce(
        (
            select pg_catalog.array_agg(a.attname order by u.place)
            from pg_catalog.unnest(k.confkey) with ordinality as u (number, place)
            inner join pg_catalog.pg_attribute as a
                on k.confrelid = a.attrelid and u.number = a.attnum
        ), '{}'
    ) as target_columns,
    k.condeferrable as deferrable,
    k.confdeltype::text as on_delete,
    pg_catalog.pg_get_constraintdef(k.oid) as definition
from pg_catalog.pg_constraint as k
where k.conrelid = any(%(relations)s) and k.contype in ('p', 'u', 'f', 'c', 'x')
union all
select
    x.indrelid::bigint,
    i.relname,
    'i',
    coalesce(
        (
            select pg_catalog.array_agg(a.attname order by a.attnum)
            from pg_catalog.pg_attribute as a
            where
                a.attrelid = x.indrelid
                and exists (
                    select 1
                    from pg_catalog.pg_depend as d
                    where
                        d.classid = 'pg_catalog.pg_class'::regclass
                        and d.objid = x.indexrelid
                        and d.refobjid = x.indrelid
                        and d.refobjsubid = a.attnum
                )
        ), '{}'
    ),
    null,
    '{}',
    false,
    ' ',
    pg_catalog.pg_get_indexdef(x.indexrelid)
from pg_catalog.pg_index as x
inner join pg_catalog.pg_class as i on x.indexrelid = i.oid
where
    x.indrelid = any(%(relations)s)
    and x.indisunique
    and not exists (
        select 1
        from pg_catalog.pg_constraint as k
        where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x')
    )
order by 1, 3, 2
