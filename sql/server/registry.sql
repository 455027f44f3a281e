-- The server's own memory, in a database of its own: which template databases it keeps.
create schema if not exists registry;

create table if not exists registry.templates (
    name text primary key,
    -- Hash of everything that went into it: platform, migrations, seeds.
    key text not null unique,
    -- The cluster-wide state (roles, memberships) as it was when the template was taken.
    globals jsonb not null,
    -- A template that others are made from, and that is never pruned.
    is_base boolean not null default false,
    used_at timestamptz not null default clock_timestamp(),
    -- What is made for each day (realtime's partitions) is there from this day on.
    fresh_on date not null default current_date
);

-- The states that led to the last one asked for: where the next differs, editing goes on.
create table if not exists registry.chain (
    is_only boolean primary key default true check (is_only),
    keys text [] not null
);
