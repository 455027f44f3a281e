-- The older signature of the S3 listing: one page of a bucket, folded at the delimiter.
set local role supabase_storage_admin;

create or replace function storage.list_objects_with_delimiter(
    bucket_id text,
    prefix_param text,
    delimiter_param text,
    max_keys integer default 100,
    start_after text default '',
    next_token text default ''
)
returns table (name text, id uuid, metadata jsonb, updated_at timestamptz)
language plpgsql
as $$
begin
    return query
    with folded as (
        select
            case
                when position(delimiter_param in substr(stored.name, length(prefix_param) + 1)) > 0
                    then prefix_param
                        || split_part(
                            substr(stored.name, length(prefix_param) + 1), delimiter_param, 1
                        )
                        || delimiter_param
            end as folder,
            stored.*
        from storage.objects as stored
        where
            stored.bucket_id = list_objects_with_delimiter.bucket_id
            and starts_with(stored.name, prefix_param)
            and (start_after = '' or stored.name > start_after collate "C")
    )

    select distinct on (coalesce(folded.folder, folded.name) collate "C")
        coalesce(folded.folder, folded.name),
        case when folded.folder is null then folded.id end,
        case when folded.folder is null then folded.metadata end,
        case when folded.folder is null then folded.updated_at end
    from folded
    where next_token = '' or coalesce(folded.folder, folded.name) > next_token collate "C"
    order by coalesce(folded.folder, folded.name) collate "C"
    limit max_keys;
end
$$;

reset role;
