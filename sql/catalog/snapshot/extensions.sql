-- Extensions and where they live. The version is the server's business and not compared.
select
    ext.extname as name,
    pg_catalog.jsonb_build_object('schema', nsp.nspname) as facts
from pg_catalog.pg_extension as ext
inner join pg_catalog.pg_namespace as nsp on ext.extnamespace = nsp.oid
where ext.extname <> 'plpgsql'
order by name;
