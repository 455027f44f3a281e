-- Tables and indexes of the project's own schemas, with what tells a rewrite (the file) and a scan.
-- A file may set the search_path: names do not depend on it.
select
    c.oid::bigint as oid,
    case
        when n.nspname = 'public' then pg_catalog.quote_ident(c.relname)
        else pg_catalog.format('%I.%I', n.nspname, c.relname)
    end as name,
    c.relkind::text as kind,
    coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::bigint as file,
    coalesce(s.seq_scan, 0)::bigint as scans
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
left join pg_catalog.pg_stat_xact_all_tables as s on c.oid = s.relid
where
    c.relkind in ('r', 'm', 'p', 'v', 'S')
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'supabase_migrations')
    and c.relpersistence <> 't'
order by c.oid;
