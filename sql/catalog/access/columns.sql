-- Columns with their types taken apart, and which column privileges each role holds (r, a, w).
with recursive roles as (
    select r.oid, r.rolname
    from pg_catalog.pg_roles as r
    where r.rolname = any(%(roles)s)
),

bases as (
    select t.oid, t.oid as base, t.typtypmod as typmod
    from pg_catalog.pg_type as t
    where t.typtype <> 'd'
    union all
    select d.oid, b.base, case when d.typtypmod >= 0 then d.typtypmod else b.typmod end
    from pg_catalog.pg_type as d
    inner join bases as b on d.typbasetype = b.oid
    where d.typtype = 'd'
)

select
    a.attrelid::bigint as relation,
    a.attnum::integer as number,
    a.attname as name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
    pg_catalog.format_type(b.base, case when t.typtype = 'd' then b.typmod else a.atttypmod end)
        as base_type,
    bt.typname as base_name,
    bt.typcategory::text as category,
    bt.typtype::text as type_kind,
    pg_catalog.format_type(nullif(bt.typelem, 0), null) as element_type,
    a.attnotnull or t.typnotnull as not_null,
    pg_catalog.pg_get_expr(ad.adbin, ad.adrelid) as default_expression,
    a.attgenerated::text as generated,
    a.attidentity::text as identity,
    coalesce(
        (
            select pg_catalog.array_agg(e.enumlabel order by e.enumsortorder)
            from pg_catalog.pg_enum as e
            where e.enumtypid = bt.oid
        ), '{}'
    ) as labels,
    coalesce(
        (
            select pg_catalog.array_agg(pg_catalog.pg_get_constraintdef(k.oid) order by k.conname)
            from pg_catalog.pg_constraint as k
            where k.contypid = t.oid and k.contype = 'c'
        ), '{}'
    ) as domain_checks,
    coalesce(
        (
            select pg_catalog.array_agg(pt.typcategory::text order by p.attnum)
            from pg_catalog.pg_attribute as p
            inner join pg_catalog.pg_type as pt on p.atttypid = pt.oid
            where
                bt.typtype = 'c'
                and p.attrelid = bt.typrelid
                and p.attnum > 0
                and not p.attisdropped
        ),
        (
            select array[st.typcategory::text]
            from pg_catalog.pg_range as g
            inner join pg_catalog.pg_type as st on g.rngsubtype = st.oid
            where g.rngtypid = bt.oid
        ), '{}'
    ) as parts,
    coalesce(
        (
            select
                pg_catalog.jsonb_object_agg(
                    r.rolname,
                    pg_catalog.concat(
                        case
                            when
                                pg_catalog.has_column_privilege(r.oid, a.attrelid, a.attnum, 'select')
                                then 'r'
                        end,
                        case
                            when
                                pg_catalog.has_column_privilege(r.oid, a.attrelid, a.attnum, 'insert')
                                then 'a'
                        end,
                        case
                            when
                                pg_catalog.has_column_privilege(r.oid, a.attrelid, a.attnum, 'update')
                                then 'w'
                        end
                    )
                )
            from roles as r
        ), '{}'
    ) as privileges
from pg_catalog.pg_attribute as a
inner join pg_catalog.pg_type as t on a.atttypid = t.oid
inner join bases as b on t.oid = b.oid
inner join pg_catalog.pg_type as bt on b.base = bt.oid
left join pg_catalog.pg_attrdef as ad on a.attrelid = ad.adrelid and a.attnum = ad.adnum
where a.attrelid = any(%(relations)s) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
