-- What Supabase Storage added until autumn 2026: analytics and vector buckets, versioning.
set local role supabase_storage_admin;

create type storage.buckettype as enum ('STANDARD', 'ANALYTICS', 'VECTOR');

create table storage.buckets_analytics (
    name text not null,
    type storage.buckettype not null default 'ANALYTICS',
    format text not null default 'ICEBERG',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    id uuid not null default gen_random_uuid(),
    deleted_at timestamptz,
    constraint buckets_analytics_pkey primary key (id)
);
create unique index buckets_analytics_unique_name_idx
on storage.buckets_analytics (name)
where (deleted_at is null);

create table storage.buckets_vectors (
    id text not null,
    type storage.buckettype not null default 'VECTOR',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint buckets_vectors_pkey primary key (id)
);

create table storage.vector_indexes (
    id text not null default gen_random_uuid(),
    name text collate "C" not null,
    bucket_id text not null,
    data_type text not null,
    dimension integer not null,
    distance_metric text not null,
    metadata_configuration jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint vector_indexes_pkey primary key (id),
    constraint vector_indexes_bucket_id_fkey
    foreign key (bucket_id) references storage.buckets_vectors (id)
);
create unique index vector_indexes_name_bucket_id_idx on storage.vector_indexes (name, bucket_id);

alter table storage.buckets
add column type storage.buckettype not null default 'STANDARD',
add column versioning_status text not null default 'DISABLED',
add constraint buckets_versioning_dark_check check (versioning_status = 'DISABLED'),
add constraint buckets_versioning_standard_only_check
check ((type = 'STANDARD') or (versioning_status = 'DISABLED')),
add constraint buckets_versioning_status_check
check (versioning_status = any(array['DISABLED', 'ENABLED', 'SUSPENDED']));

alter table storage.objects
add column archived_at timestamptz,
add column is_delete_marker boolean not null default false,
add column is_versioned boolean not null default false;
create index idx_objects_bucket_id_name_lower
on storage.objects (bucket_id, lower(name) collate "C");

alter table storage.s3_multipart_uploads
add column metadata jsonb;

alter table storage.buckets_analytics enable row level security;
alter table storage.buckets_vectors enable row level security;
alter table storage.vector_indexes enable row level security;

grant all on storage.buckets_analytics to anon, authenticated, service_role;
grant select on storage.buckets_vectors, storage.vector_indexes
to anon, authenticated, service_role;

reset role;
