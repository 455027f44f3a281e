-- Tables and indexes of the project's own schemas, with what tells a rewrite (the file) and a scan.
select
    c.oid::bigint as oid,
    c.oid::regclass::text as name,
    c.relkind::text as kind,
    coalesce(pg_catalog.pg_relation_filenode(c.oid), 0)::bigint as file,
    coalesce(s.seq_scan, 0)::bigint as scans
from pg_catalog.pg_class as c
left join pg_catalog.pg_stat_xact_all_tables as s on c.oid = s.relid
where
    c.relkind in ('r', 'm', 'p', 'v', 'S')
    and c.relnamespace not in (
        'pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace
    )
    and c.relpersistence <> 't'
    and pg_catalog.to_regnamespace('supabase_migrations') is distinct from c.relnamespace
order by c.oid;
