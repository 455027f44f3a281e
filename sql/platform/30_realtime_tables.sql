-- Realtime's types and tables as of mid-2025: who listens to which table, and the messages of
-- broadcast and presence, kept in one partition a day.
create type realtime.action as enum ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'ERROR');
create type realtime.equality_op as enum ('eq', 'neq', 'lt', 'lte', 'gt', 'gte', 'in');
create type realtime.user_defined_filter as (
    column_name text,
    op realtime.equality_op,
    value text
);
create type realtime.wal_column as (
    name text,
    type_name text,
    type_oid oid,
    value jsonb,
    is_pkey boolean,
    is_selectable boolean
);
create type realtime.wal_rls as (
    wal jsonb,
    is_rls_enabled boolean,
    subscription_ids uuid [],
    errors text []
);

create or replace function realtime.to_regrole(role_name text) returns regrole
language sql immutable
as $$
    select role_name::regrole
$$;

create table realtime.schema_migrations (
    version bigint not null,
    inserted_at timestamp(0),
    constraint schema_migrations_pkey primary key (version)
);

create table realtime.subscription (
    id bigint generated always as identity,
    subscription_id uuid not null,
    entity regclass not null,
    filters realtime.user_defined_filter[] not null default '{}',
    claims jsonb not null,
    claims_role regrole not null
    generated always as (realtime.to_regrole(claims ->> 'role')) stored,
    created_at timestamp not null default timezone('utc', now()),
    constraint pk_subscription primary key (id)
);
create index ix_realtime_subscription_entity on realtime.subscription (entity);

create table realtime.messages (
    topic text not null,
    extension text not null,
    payload jsonb,
    event text,
    private boolean default false,
    updated_at timestamp not null default now(),
    inserted_at timestamp not null default now(),
    id uuid not null default gen_random_uuid(),
    constraint messages_pkey primary key (id, inserted_at)
) partition by range (inserted_at);
alter table realtime.messages owner to supabase_realtime_admin;
alter table realtime.messages enable row level security;

grant select on realtime.subscription to anon, authenticated, service_role;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;
