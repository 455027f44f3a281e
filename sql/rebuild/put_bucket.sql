-- Give a copy one of the project's buckets.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
select
    bucket.id,
    bucket.name,
    coalesce(bucket.public, false) as public,
    bucket.file_size_limit,
    bucket.allowed_mime_types
from jsonb_populate_record(null::storage.buckets, %(bucket)s) as bucket
on conflict (id) do update set
    name = excluded.name,
    public = excluded.public,
    file_size_limit = excluded.file_size_limit,
    allowed_mime_types = excluded.allowed_mime_types;
