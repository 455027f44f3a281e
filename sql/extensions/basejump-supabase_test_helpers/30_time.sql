-- A clock that stands still: test_overrides.now() comes before pg_catalog's while it is frozen.

create schema test_overrides;
grant usage on schema test_overrides to anon, authenticated, service_role;
alter default privileges in schema test_overrides
grant execute on functions to anon, authenticated, service_role;

create function test_overrides.now() returns timestamp with time zone
language plpgsql stable
as $$
begin
    return coalesce(
        nullif(pg_catalog.current_setting('tests.frozen_time', true), '')::timestamptz,
        pg_catalog.now()
    );
end
$$;

create function tests.freeze_time(frozen_time timestamp with time zone) returns void
language plpgsql
as $$
declare
    path constant text := pg_catalog.current_setting('search_path');
begin
    if path not like 'test_overrides,%' then
        perform pg_catalog.set_config('search_path', 'test_overrides,' || path || ', pg_catalog', true);
    end if;
    perform pg_catalog.set_config('tests.frozen_time', frozen_time::text, true);
end
$$;

create function tests.unfreeze_time() returns void
language plpgsql
as $$
begin
    perform pg_catalog.set_config(
        'search_path',
        pg_catalog.regexp_replace(
            pg_catalog.current_setting('search_path'), '^test_overrides,|, pg_catalog$', '', 'g'
        ),
        true
    );
    perform pg_catalog.set_config('tests.frozen_time', null, true);
end
$$;
