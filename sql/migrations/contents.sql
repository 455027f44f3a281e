-- Every table whose rows count as contents, with its columns. Generated columns follow from others;
-- the history is the migrations' own. vault.decrypted_secrets stands for what is stored encrypted,
-- with another nonce each time.
select
    n.nspname::text as schema_name,
    c.relname::text as table_name,
    array(
        select a.attname::text
        from pg_catalog.pg_attribute as a
        where
            a.attrelid = c.oid
            and a.attnum > 0
            and not a.attisdropped
            and a.attgenerated = ''
        order by a.attnum
    ) as column_names
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    (
        c.relkind = 'r'
        and n.nspname not in ('pg_catalog', 'information_schema', 'supabase_migrations')
        and n.nspname not like 'pg\_toast%'
        and n.nspname not like 'pg\_temp%'
    )
    or (n.nspname = 'vault' and c.relname = 'decrypted_secrets')
order by 1, 2;
