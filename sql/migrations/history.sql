-- Every applied migration: version, name, and the digest of its statements (null where none were
-- stored). A unit separator joins them: it cannot be confused with what SQL is written in.
select
    m.version,
    coalesce(m.name, '') as name,
    encode(
        pg_catalog.sha256(
            pg_catalog.convert_to(pg_catalog.array_to_string(m.statements, chr(31)), 'UTF8')
        ),
        'hex'
    ) as digest
from supabase_migrations.schema_migrations as m
order by m.version collate "C";
