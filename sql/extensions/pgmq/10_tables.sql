-- What a queue is: two tables (q_NAME for messages, a_NAME for archived ones) and a row in
-- pgmq.meta.

create table pgmq.meta (
    queue_name character varying unique not null,
    is_partitioned boolean not null,
    is_unlogged boolean not null,
    created_at timestamp with time zone not null default now()
);

create type pgmq.message_record as (
    msg_id bigint,
    read_ct integer,
    enqueued_at timestamp with time zone,
    vt timestamp with time zone,
    message jsonb,
    headers jsonb
);

create type pgmq.queue_record as (
    queue_name character varying,
    is_partitioned boolean,
    is_unlogged boolean,
    created_at timestamp with time zone
);

create type pgmq.metrics_result as (
    queue_name text,
    queue_length bigint,
    newest_msg_age_sec integer,
    oldest_msg_age_sec integer,
    total_messages bigint,
    scrape_time timestamp with time zone,
    queue_visible_length bigint
);

grant usage on schema pgmq to pg_monitor;
grant select on all tables in schema pgmq to pg_monitor;
alter default privileges in schema pgmq grant select on tables to pg_monitor;
alter default privileges in schema pgmq grant select on sequences to pg_monitor;

select pg_catalog.pg_extension_config_dump('pgmq.meta', '');
