-- The settings of the storage buckets: configuration, kept by the platform in a table of its own.
select
    pg_catalog.jsonb_build_object(
        'id', bucket.settings -> 'id',
        'name', bucket.settings -> 'name',
        'public', bucket.settings -> 'public',
        'file_size_limit', bucket.settings -> 'file_size_limit',
        'allowed_mime_types', bucket.settings -> 'allowed_mime_types'
    ) as settings
from storage.buckets as row
cross join lateral pg_catalog.to_jsonb(row.*) as bucket (settings)
order by row.id;
