-- Remembers in the database which era it was made for: c (autumn 2026) or s (mid-2025). What
-- happens later, such as the grants that follow create extension, depends on it.
do $$
begin
    execute pg_catalog.format(
        'create or replace function pg_catalog.supautils_era() returns text '
        'language sql immutable parallel safe return %L',
        pg_catalog.current_setting('platform.profile')
    );
end
$$;
