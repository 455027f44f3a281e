-- The table of what the wrappers did, always empty. A handler cannot be written in SQL: a
-- migration that creates a foreign data wrapper fails with "function … does not exist", which is
-- the truth here.

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
