-- Tables of the project's own schemas, and what each asks of its rows: columns that must be filled,
-- checks, foreign keys, unique indexes. What a partition has from its parent is left out.
select
    c.oid::bigint as oid,
    pg_catalog.format('%%I.%%I', n.nspname, c.relname) as name,
    case
        when n.nspname = 'public' then pg_catalog.quote_ident(c.relname)
        else pg_catalog.format('%%I.%%I', n.nspname, c.relname)
    end as label,
    (
        select
            pg_catalog.jsonb_object_agg(
                att.attnum,
                pg_catalog.jsonb_build_object(
                    'name', pg_catalog.quote_ident(att.attname),
                    'type', pg_catalog.format_type(att.atttypid, att.atttypmod),
                    'not_null', att.attnotnull,
                    'filled', att.atthasdef or att.attidentity <> '',
                    'generated', att.attgenerated <> ''
                )
            )
        from pg_catalog.pg_attribute as att
        where
            att.attrelid = c.oid and att.attnum > 0 and not att.attisdropped and att.attislocal
    ) as columns,
    (
        select
            pg_catalog.jsonb_object_agg(
                con.conname,
                pg_catalog.jsonb_build_object(
                    'kind', con.contype,
                    'columns', con.conkey,
                    'expression', pg_catalog.pg_get_expr(con.conbin, con.conrelid),
                    'referenced', con.confrelid::bigint,
                    'referenced_columns', con.confkey,
                    'operators', (
                        select
                            pg_catalog.jsonb_agg(
                                pg_catalog.format(
                                    'operator(%%I.%%s)', opn.nspname, opr.oprname
                                ) order by wanted.place
                            )
                        from
                            pg_catalog.unnest(con.conpfeqop) with ordinality
                                as wanted (oid, place)
                        inner join pg_catalog.pg_operator as opr on wanted.oid = opr.oid
                        inner join pg_catalog.pg_namespace as opn on opr.oprnamespace = opn.oid
                    )
                )
            )
        from pg_catalog.pg_constraint as con
        where
            con.conrelid = c.oid
            and con.contype in ('c', 'f')
            and con.convalidated
            and con.conparentid = 0
            and con.conislocal
    ) as constraints,
    (
        select
            pg_catalog.jsonb_object_agg(
                i.relname,
                pg_catalog.jsonb_build_object(
                    'columns', (
                        select pg_catalog.jsonb_agg(dep.refobjsubid order by dep.refobjsubid)
                        from pg_catalog.pg_depend as dep
                        where
                            dep.classid = 'pg_catalog.pg_class'::regclass
                            and dep.refclassid = 'pg_catalog.pg_class'::regclass
                            and dep.objid = x.indexrelid
                            and dep.refobjid = c.oid
                            and dep.refobjsubid > 0
                    ),
                    'key_columns', (
                        select pg_catalog.jsonb_agg(part.attnum order by part.place)
                        from
                            pg_catalog.unnest(x.indkey::int2[]) with ordinality
                                as part (attnum, place)
                        where part.place <= x.indnkeyatts
                    ),
                    'keys', (
                        select
                            pg_catalog.jsonb_agg(
                                pg_catalog.pg_get_indexdef(x.indexrelid, place, false)
                                order by place
                            )
                        from pg_catalog.generate_series(1, x.indnkeyatts) as place
                    ),
                    'predicate', pg_catalog.pg_get_expr(x.indpred, c.oid),
                    'nulls_equal', x.indnullsnotdistinct
                )
            )
        from pg_catalog.pg_index as x
        inner join pg_catalog.pg_class as i on x.indexrelid = i.oid
        where
            x.indrelid = c.oid
            and x.indisunique
            and x.indisvalid
            and not exists (
                select 1
                from pg_catalog.pg_inherits as part
                where part.inhrelid = x.indexrelid
            )
    ) as unique_indexes
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    c.relkind in ('r', 'p')
    and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'supabase_migrations')
    and (%(oids)s::oid[] is null or c.oid = any(%(oids)s::oid[]))
order by c.oid;
