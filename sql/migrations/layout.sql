-- What of the history exists, and in which form.
select
    c.relname,
    pg_catalog.array_agg(a.attname::text order by a.attnum) as columns
from pg_catalog.pg_class as c
inner join pg_catalog.pg_attribute as a on c.oid = a.attrelid
where
    c.relnamespace = pg_catalog.to_regnamespace('supabase_migrations')
    and c.relname in (
        'schema_migrations', 'seed_files', 'prospectr_unfinished', 'prospectr_repeatable'
    )
    and c.relkind in ('r', 'p')
    and a.attnum > 0
    and not a.attisdropped
group by c.relname
order by c.relname;
