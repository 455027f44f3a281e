-- Storage's functions that both profiles share: what policies call, and what lists a folder.
-- All run as the caller, so row level security decides which objects they see.
set local role supabase_storage_admin;

-- The folders of an object's name: everything before the last slash.
create or replace function storage.foldername(name text) returns text[]
language plpgsql
as $$
declare
    parts text[] := string_to_array(name, '/');
begin
    return parts[1:cardinality(parts) - 1];
end
$$;

-- The last segment of an object's name.
create or replace function storage.filename(name text) returns text
language plpgsql
as $$
declare
    parts text[] := string_to_array(name, '/');
begin
    return parts[cardinality(parts)];
end
$$;

-- What follows the last dot of the last segment; the whole segment where it has no dot.
create or replace function storage.extension(name text) returns text
language plpgsql
as $$
declare
    parts text[] := string_to_array(name, '/');
    dotted text[] := string_to_array(parts[cardinality(parts)], '.');
begin
    return dotted[cardinality(dotted)];
end
$$;

-- Which call of the Storage API is being served, such as storage.object.list.
create or replace function storage.operation() returns text
language plpgsql stable
as $$
begin
    return current_setting('storage.operation', true);
end
$$;

create or replace function storage.get_size_by_bucket()
returns table (size bigint, bucket_id text)
language plpgsql
as $$
begin
    return query
    select sum((stored.metadata ->> 'size')::bigint)::bigint, stored.bucket_id
    from storage.objects as stored
    group by stored.bucket_id;
end
$$;

-- Asks whether the caller may upload: inserts the row as the caller, then takes it back by raising
-- the one SQLSTATE that the Storage API reads as yes.
create or replace function storage.can_insert_object(
    bucketid text, name text, owner uuid, metadata jsonb
) returns void
language plpgsql
as $$
begin
    insert into storage.objects (bucket_id, name, owner, metadata)
    values (bucketid, name, owner, metadata);
    raise exception using
        errcode = 'PT200', message = 'ROLLBACK', detail = 'rollback successful insert';
end
$$;

create or replace function storage.update_updated_at_column() returns trigger
language plpgsql
as $$
begin
    new.updated_at := now();
    return new;
end
$$;

create trigger update_objects_updated_at
before update on storage.objects
for each row execute function storage.update_updated_at_column();

-- One level of a bucket as a file browser shows it; folders have no id. `levels` is the depth of
-- the entries wanted, `prefix` the folder, `search` what names begin with. Folders come first, but
-- since 2026 they stand among the objects where both are ordered by name.
create or replace function storage.search(
    prefix text,
    bucketname text,
    limits integer default 100,
    levels integer default 1,
    offsets integer default 0,
    search text default '',
    sortcolumn text default 'name',
    sortorder text default 'asc'
)
returns table (
    name text,
    id uuid,
    updated_at timestamptz,
    created_at timestamptz,
    last_accessed_at timestamptz,
    metadata jsonb
)
language plpgsql stable
as $$
declare
    direction constant text := case when lower(sortorder) = 'desc' then 'desc' else 'asc' end;
    sorting constant text := case
        when sortcolumn in ('updated_at', 'created_at', 'last_accessed_at') then sortcolumn
        else 'name'
    end;
    arrangement constant text := case
        when sorting = 'name' and pg_catalog.supautils_era() = 'c'
            then 'lower(case kind when 0 then name || ''/'' else name end) collate "C"'
        when sorting = 'name' then 'kind, name'
        else format('kind, %I %s, name', sorting, direction)
    end;
begin
    return query execute format(
        $sql$
            with found as (
                select stored.*
                from storage.objects as stored
                where stored.bucket_id = $1 and starts_with(lower(stored.name), lower($2))
            ),

            entries as (
                select
                    0 as kind, path_tokens[$3] as name, null::uuid as id,
                    null::timestamptz as updated_at, null::timestamptz as created_at,
                    null::timestamptz as last_accessed_at, null::jsonb as metadata
                from found
                where cardinality(path_tokens) > $3
                group by path_tokens[$3]
                union all
                select
                    1, path_tokens[$3], id, updated_at, created_at, last_accessed_at, metadata
                from found
                where cardinality(path_tokens) = $3
            )

            select name, id, updated_at, created_at, last_accessed_at, metadata
            from entries
            order by %1$s %2$s
            limit least(coalesce($4, 100), 1500) offset $5
        $sql$,
        arrangement, direction
    )
    using bucketname, coalesce(prefix, '') || coalesce(search, ''), levels, limits, offsets;
end
$$;

-- Unfinished uploads of a bucket, with what lies behind the delimiter folded into one entry.
create or replace function storage.list_multipart_uploads_with_delimiter(
    bucket_id text,
    prefix_param text,
    delimiter_param text,
    max_keys integer default 100,
    next_key_token text default '',
    next_upload_token text default ''
)
returns table (key text, id text, created_at timestamptz)
language plpgsql
as $$
begin
    return query
    with folded as (
        select
            case
                when position(delimiter_param in substr(upload.key, length(prefix_param) + 1)) > 0
                    then prefix_param
                        || split_part(
                            substr(upload.key, length(prefix_param) + 1), delimiter_param, 1
                        )
                        || delimiter_param
                else upload.key
            end collate "C" as folded_key,
            upload.id as upload_id,
            upload.created_at as started_at
        from storage.s3_multipart_uploads as upload
        where
            upload.bucket_id = list_multipart_uploads_with_delimiter.bucket_id
            and starts_with(upload.key, prefix_param)
    )

    select distinct on (folded.folded_key) folded.folded_key, folded.upload_id, folded.started_at
    from folded
    where
        next_key_token = ''
        or folded.folded_key > next_key_token collate "C"
        or (
            folded.folded_key = next_key_token
            and next_upload_token <> ''
            and folded.upload_id > next_upload_token collate "C"
        )
    order by folded.folded_key, folded.started_at
    limit max_keys;
end
$$;

reset role;
