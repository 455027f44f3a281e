-- Enums (their order matters), composite types, domains and ranges.
select
    pg_catalog.format('%%s.%%s', nsp.nspname, typ.typname) as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'kind', case typ.typtype
                when 'e' then 'enum'
                when 'c' then 'composite'
                when 'd' then 'domain'
                else 'range'
            end,
            'owner', pg_catalog.pg_get_userbyid(typ.typowner),
            'labels', (
                select pg_catalog.jsonb_agg(label.enumlabel order by label.enumsortorder)
                from pg_catalog.pg_enum as label
                where label.enumtypid = typ.oid
            ),
            'attributes', (
                select
                    pg_catalog.jsonb_agg(
                        pg_catalog.format(
                            '%%s %%s', att.attname,
                            pg_catalog.format_type(att.atttypid, att.atttypmod)
                        )
                        order by att.attnum
                    )
                from pg_catalog.pg_attribute as att
                where
                    typ.typtype = 'c'
                    and att.attrelid = typ.typrelid
                    and att.attnum > 0
                    and not att.attisdropped
            ),
            'base', case
                when typ.typtype = 'd'
                    then pg_catalog.format_type(typ.typbasetype, typ.typtypmod)
            end,
            'not_null', nullif(typ.typnotnull, false),
            'default', case when typ.typtype = 'd' then typ.typdefault end,
            'subtype', (
                select ran.rngsubtype::regtype::text
                from pg_catalog.pg_range as ran
                where ran.rngtypid = typ.oid
            )
        )
    ) as facts
from pg_catalog.pg_type as typ
inner join pg_catalog.pg_namespace as nsp on typ.typnamespace = nsp.oid
left join pg_catalog.pg_class as rel on typ.typrelid = rel.oid
where
    (typ.typtype in ('e', 'd', 'r') or (typ.typtype = 'c' and rel.relkind = 'c'))
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
                dep.classid = 'pg_catalog.pg_type'::regclass
                and dep.objid = typ.oid
                and dep.deptype = 'e'
        )
    )
order by name;
