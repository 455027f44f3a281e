-- Storage's functions as of autumn 2026: helpers whose results an index can hold, guards for
-- policies by the call that is served, and listings that page by the last entry.
set local role supabase_storage_admin;

alter function storage.foldername(text) immutable;
alter function storage.filename(text) immutable;
alter function storage.extension(text) immutable;
alter function storage.get_size_by_bucket() stable;
grant execute
on function storage.foldername(text), storage.filename(text), storage.extension(text)
to anon, authenticated, dashboard_user, postgres, service_role;

-- Whether the call being served is one of these; the leading "storage." may be left out.
create or replace function storage.allow_any_operation(expected_operations text[])
returns boolean
language sql stable
as $$
    select coalesce(
        regexp_replace(nullif(current_setting('storage.operation', true), ''), '^storage\.', '')
        = any (
            select regexp_replace(expected, '^storage\.', '')
            from unnest(expected_operations) as listed (expected)
        ),
        false
    )
$$;

create or replace function storage.allow_only_operation(expected_operation text)
returns boolean
language sql stable
as $$
    select storage.allow_any_operation(array[expected_operation])
$$;

-- The folder that a key is folded into: up to the first delimiter behind the prefix, or null where
-- the key does not begin with the prefix (in any case) or has no delimiter.
create or replace function storage.get_common_prefix(
    p_key text, p_prefix text, p_delimiter text
) returns text
language sql immutable
as $$
    select left(p_key, length(given.prefix) + found.at + length(p_delimiter) - 1)
    from
        coalesce(p_prefix, '') as given (prefix),
        position(p_delimiter in substr(p_key, length(given.prefix) + 1)) as found (at)
    where p_delimiter <> '' and found.at > 0 and starts_with(lower(p_key), lower(given.prefix))
$$;

create or replace function storage.list_objects_with_delimiter(
    _bucket_id text,
    prefix_param text,
    delimiter_param text,
    max_keys integer default 100,
    start_after text default '',
    next_token text default '',
    sort_order text default 'asc'
)
returns table (
    name text,
    id uuid,
    metadata jsonb,
    updated_at timestamptz,
    created_at timestamptz,
    last_accessed_at timestamptz
)
language plpgsql stable
as $$
declare
    direction constant text := case when lower(sort_order) = 'desc' then 'desc' else 'asc' end;
    beyond constant text := case when direction = 'desc' then '<' else '>' end;
begin
    return query execute format(
        $sql$
            with folded as (
                select
                    storage.get_common_prefix(stored.name, $2, $3) as folder,
                    stored.*
                from storage.objects as stored
                where
                    stored.bucket_id = $1
                    and starts_with(stored.name, $2)
                    and ($4 = '' or stored.name collate "C" %1$s $4)
            ),

            entries as (
                select distinct on (coalesce(folder, name) collate "C")
                    coalesce(folder, name) as entry,
                    folder is not null as is_folder,
                    id, metadata, updated_at, created_at, last_accessed_at
                from folded
                order by coalesce(folder, name) collate "C"
            )

            select
                entry,
                case when not is_folder then id end,
                case when not is_folder then metadata end,
                case when not is_folder then updated_at end,
                case when not is_folder then created_at end,
                case when not is_folder then last_accessed_at end
            from entries
            where $5 = '' or entry collate "C" %1$s $5
            order by entry collate "C" %2$s
            limit $6
        $sql$,
        beyond, direction
    )
    using
        _bucket_id, coalesce(prefix_param, ''), delimiter_param, coalesce(start_after, ''),
        coalesce(next_token, ''), max_keys;
end
$$;

-- One level of a bucket, ordered by a timestamp, paged by the last entry seen. A folder has no
-- timestamp and counts as made at the epoch, which keeps folders apart from objects.
create or replace function storage.search_by_timestamp(
    p_prefix text,
    p_bucket_id text,
    p_limit integer,
    p_level integer,
    p_start_after text,
    p_sort_order text,
    p_sort_column text,
    p_sort_column_after text
)
returns table (
    key text,
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
    direction constant text := case when lower(p_sort_order) = 'desc' then 'desc' else 'asc' end;
    beyond constant text := case when direction = 'desc' then '<' else '>' end;
    sorting constant text := case
        when p_sort_column in ('updated_at', 'created_at', 'last_accessed_at') then p_sort_column
        else 'updated_at'
    end;
begin
    return query execute format(
        $sql$
            with found as (
                select stored.*
                from storage.objects as stored
                where stored.bucket_id = $1 and starts_with(stored.name, $2)
            ),

            entries as (
                select
                    path_tokens[$3] as key,
                    array_to_string(path_tokens[1:$3], '/') || '/' as name,
                    null::uuid as id,
                    null::timestamptz as updated_at,
                    null::timestamptz as created_at,
                    null::timestamptz as last_accessed_at,
                    null::jsonb as metadata,
                    'epoch'::timestamptz as moment
                from found
                where cardinality(path_tokens) > $3
                group by path_tokens[1:$3], path_tokens[$3]
                union all
                select
                    path_tokens[$3], name, id, updated_at, created_at, last_accessed_at, metadata,
                    coalesce(date_trunc('milliseconds', %1$I), 'epoch')
                from found
                where cardinality(path_tokens) = $3
            )

            select key, name, id, updated_at, created_at, last_accessed_at, metadata
            from entries
            where
                $4 = ''
                or (moment, name collate "C") %2$s (
                    coalesce(
                        date_trunc('milliseconds', nullif($5, '')::timestamptz), 'epoch'
                    ),
                    $4
                )
            order by moment %3$s, name collate "C" %3$s
            limit least(coalesce($6, 100), 1500)
        $sql$,
        sorting, beyond, direction
    )
    using
        p_bucket_id, coalesce(p_prefix, ''), p_level, coalesce(p_start_after, ''),
        coalesce(p_sort_column_after, ''), p_limit;
end
$$;

create or replace function storage.search_v2(
    prefix text,
    bucket_name text,
    limits integer default 100,
    levels integer default 1,
    start_after text default '',
    sort_order text default 'asc',
    sort_column text default 'name',
    sort_column_after text default ''
)
returns table (
    key text,
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
    direction constant text := case when lower(sort_order) = 'desc' then 'desc' else 'asc' end;
    beyond constant text := case when direction = 'desc' then '<' else '>' end;
begin
    if lower(sort_column) in ('updated_at', 'created_at') then
        return query
        select listed.*
        from storage.search_by_timestamp(
            prefix, bucket_name, limits, levels, start_after, sort_order, lower(sort_column),
            sort_column_after
        ) as listed;
        return;
    end if;
    return query execute format(
        $sql$
            with found as (
                select stored.*
                from storage.objects as stored
                where stored.bucket_id = $1 and starts_with(stored.name, $2)
            ),

            entries as (
                select
                    path_tokens[$3] as key,
                    array_to_string(path_tokens[1:$3], '/') || '/' as name,
                    null::uuid as id,
                    null::timestamptz as updated_at,
                    null::timestamptz as created_at,
                    null::timestamptz as last_accessed_at,
                    null::jsonb as metadata
                from found
                where cardinality(path_tokens) > $3
                group by path_tokens[1:$3], path_tokens[$3]
                union all
                select
                    path_tokens[$3], name, id, updated_at, created_at, last_accessed_at, metadata
                from found
                where cardinality(path_tokens) = $3
            )

            select key, name, id, updated_at, created_at, last_accessed_at, metadata
            from entries
            where $4 = '' or name collate "C" %1$s $4
            order by name collate "C" %2$s
            limit least(coalesce($5, 100), 1500)
        $sql$,
        beyond, direction
    )
    using bucket_name, coalesce(prefix, ''), levels, coalesce(start_after, ''), limits;
end
$$;

reset role;
