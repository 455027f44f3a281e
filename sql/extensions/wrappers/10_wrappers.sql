-- The table of what the wrappers did, always empty.
create table wrappers_fdw_stats (
    fdw_name text not null primary key,
    create_times bigint,
    rows_in bigint,
    rows_out bigint,
    bytes_in bigint,
    bytes_out bigint,
    metadata jsonb,
    created_at timestamp with time zone not null default now(),
    updated_at timestamp with time zone not null default now()
);

-- Each wrapper's handler is the one of postgres_fdw, because a handler cannot be written in SQL:
-- wrappers, servers and foreign tables can be declared, and whoever reads such a table is told that
-- it is not connected. Without that module, the handlers are missing.
do $$
declare
    wrapper text;
begin
    if not exists (
        select 1 from pg_catalog.pg_available_extensions as a where a.name = 'postgres_fdw'
    ) then
        return;
    end if;
    foreach wrapper in array array[
        'airtable', 'auth0', 'big_query', 'click_house', 'cognito', 'firebase', 'hello_world',
        'iceberg', 'logflare', 'mssql', 'redis', 's3', 's3_vectors', 'stripe', 'wasm'
    ] loop
        execute pg_catalog.format(
            'create function %I() returns fdw_handler language c strict
            as %L, %L',
            wrapper || '_fdw_handler', '$libdir/postgres_fdw', 'postgres_fdw_handler'
        );
        -- Which options a wrapper takes is not known here.
        execute pg_catalog.format(
            'create function %I(options text[], catalog oid) returns void language plpgsql
            as %L',
            wrapper || '_fdw_validator', 'begin end'
        );
        execute pg_catalog.format(
            'create function %I() returns table (
                name text, version text, author text, website text
            ) language sql stable as %L',
            wrapper || '_fdw_meta', 'select null::text, null::text, null::text, null::text where false'
        );
    end loop;
end
$$;
