-- Tables, partitions, views and materialized views, with what each role may do to them outside RLS.
with roles as (
    select r.oid, r.rolname
    from pg_catalog.pg_roles as r
    where r.rolname = any(%(roles)s)
),

maintain as (
    select pg_catalog.current_setting('server_version_num')::integer >= 170000 as known
)

select
    c.oid::bigint as oid,
    n.nspname as schema,
    c.relname as name,
    c.relkind::text as kind,
    c.relrowsecurity as rls,
    c.relforcerowsecurity as force_rls,
    c.relowner::regrole::text as owner,
    c.relispartition as is_partition,
    pg_catalog.pg_get_partkeydef(c.oid) as partition_key,
    pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_bound,
    coalesce(c.reloptions, '{}') as options,
    case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end as definition,
    case when c.relkind = 'v' then pg_catalog.pg_relation_is_updatable(c.oid, false) else 0 end
        as view_events,
    coalesce(
        (
            select pg_catalog.array_agg(i.inhparent::bigint order by i.inhseqno)
            from pg_catalog.pg_inherits as i
            where i.inhrelid = c.oid
        ), '{}'
    ) as parents,
    coalesce(
        (
            select
                pg_catalog.jsonb_agg(
                    pg_catalog.jsonb_build_object(
                        'name', p.pubname,
                        'columns', case
                            when not p.puballtables and pn.oid is null
                                then
                                    (
                                        select pg_catalog.jsonb_agg(a.attname order by a.attnum)
                                        from pg_catalog.pg_attribute as a
                                        where a.attrelid = c.oid and a.attnum = any(pr.prattrs)
                                    )
                        end,
                        'filter', case
                            when not p.puballtables and pn.oid is null
                                then pg_catalog.pg_get_expr(pr.prqual, c.oid)
                        end
                    )
                    order by p.pubname
                )
            from pg_catalog.pg_publication as p
            left join pg_catalog.pg_publication_rel as pr
                on p.oid = pr.prpubid and pr.prrelid = c.oid
            left join pg_catalog.pg_publication_namespace as pn
                on p.oid = pn.pnpubid and pn.pnnspid = c.relnamespace
            where p.puballtables or pr.oid is not null or pn.oid is not null
        ), '[]'
    ) as publications,
    coalesce(
        (
            select
                pg_catalog.jsonb_object_agg(
                    r.rolname,
                    pg_catalog.concat(
                        case when pg_catalog.has_table_privilege(r.oid, c.oid, 'select') then 'r' end,
                        case when pg_catalog.has_table_privilege(r.oid, c.oid, 'insert') then 'a' end,
                        case when pg_catalog.has_table_privilege(r.oid, c.oid, 'update') then 'w' end,
                        case when pg_catalog.has_table_privilege(r.oid, c.oid, 'delete') then 'd' end,
                        case when pg_catalog.has_table_privilege(r.oid, c.oid, 'truncate') then 'D' end,
                        case
                            when pg_catalog.has_table_privilege(r.oid, c.oid, 'references') then 'x'
                        end,
                        case when pg_catalog.has_table_privilege(r.oid, c.oid, 'trigger') then 't' end,
                        case
                            when m.known
                                then
                                    case
                                        when pg_catalog.has_table_privilege(r.oid, c.oid, 'maintain')
                                            then 'm'
                                    end
                        end
                    )
                )
            from roles as r
            cross join maintain as m
        ), '{}'
    ) as privileges
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    c.relkind in ('r', 'p', 'v', 'm', 'f')
    and (%(only)s::bigint [] is null or c.oid = any(%(only)s::bigint []))
    and n.nspname not like 'pg\_%%'
    and (
        n.nspname <> all(%(platform)s)
        or pg_catalog.concat_ws('.', n.nspname, c.relname) = any(%(shared)s)
    )
    and not exists (
        select 1
        from pg_catalog.pg_depend as d
        where
            d.classid = 'pg_catalog.pg_class'::regclass
            and d.objid = c.oid
            and d.deptype = 'e'
    )
order by n.nspname, c.relname
