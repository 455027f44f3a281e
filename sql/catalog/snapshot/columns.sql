-- Columns of tables and views, in no order: a column's place does not matter to SQL
-- that names its columns.
select
    pg_catalog.format('%%s.%%s.%%s', nsp.nspname, rel.relname, att.attname) as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'type', pg_catalog.format_type(att.atttypid, att.atttypmod),
            'not_null', att.attnotnull,
            'default', case
                when att.attgenerated = '' then pg_catalog.pg_get_expr(def.adbin, def.adrelid)
            end,
            'generated', case
                when att.attgenerated <> '' then pg_catalog.pg_get_expr(def.adbin, def.adrelid)
            end,
            'identity', case att.attidentity when 'a' then 'always' when 'd' then 'by default' end,
            'collation', case when att.attcollation <> typ.typcollation then col.collname end
        )
    ) as facts
from pg_catalog.pg_attribute as att
inner join pg_catalog.pg_class as rel on att.attrelid = rel.oid
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
inner join pg_catalog.pg_type as typ on att.atttypid = typ.oid
left join pg_catalog.pg_attrdef as def on att.attrelid = def.adrelid and att.attnum = def.adnum
left join pg_catalog.pg_collation as col on att.attcollation = col.oid
where
    att.attnum > 0
    and not att.attisdropped
    and rel.relkind in ('r', 'p', 'f', 'v', 'm')
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
