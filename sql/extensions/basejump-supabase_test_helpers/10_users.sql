-- Users for tests, and being one of them. The functions' names, claims and errors are those that
-- the package's README describes; whoever creates the extension owns everything.

create schema tests;
grant usage on schema tests to anon, authenticated, service_role;
-- Also for what a suite adds, and where a project took execute from everybody.
alter default privileges in schema tests
grant execute on functions to anon, authenticated, service_role;

create function tests.create_supabase_user(
    identifier text, email text default null, phone text default null, metadata jsonb default null
) returns uuid
language plpgsql security definer  -- any role of a test may sign somebody up
set search_path = auth, pg_temp
as $$
declare
    made constant uuid := pg_catalog.gen_random_uuid();
begin
    insert into auth.users (
        id, email, phone, raw_user_meta_data, raw_app_meta_data, created_at, updated_at
    ) values (
        made,
        coalesce($2, made || '@test.com'),
        $3,
        pg_catalog.jsonb_build_object('test_identifier', $1) || coalesce($4, '{}'),
        '{}',
        pg_catalog.now(),
        pg_catalog.now()
    );
    return made;
end
$$;

create function tests.get_supabase_user(identifier text) returns json
language plpgsql security definer  -- API roles may not read auth.users
set search_path = auth, pg_temp
as $$
declare
    found_user json;
begin
    select pg_catalog.json_build_object(
        'id', person.id,
        'email', person.email,
        'phone', person.phone,
        'raw_user_meta_data', person.raw_user_meta_data,
        'raw_app_meta_data', person.raw_app_meta_data
    )
    into found_user
    from auth.users as person
    where person.raw_user_meta_data ->> 'test_identifier' = identifier
    order by person.created_at, person.id
    limit 1;
    if found_user is null then
        raise exception 'User with identifier % not found', identifier;
    end if;
    return found_user;
end
$$;

create function tests.get_supabase_uid(identifier text) returns uuid
language sql stable
as $$
    select (tests.get_supabase_user($1) ->> 'id')::uuid
$$;

create function tests.authenticate_as(identifier text) returns void
language plpgsql
as $$
declare
    person constant json := tests.get_supabase_user(identifier);
begin
    perform pg_catalog.set_config('role', 'authenticated', true);
    perform pg_catalog.set_config(
        'request.jwt.claims',
        pg_catalog.json_build_object(
            'sub', person ->> 'id',
            'email', person ->> 'email',
            'phone', person ->> 'phone',
            'user_metadata', person -> 'raw_user_meta_data',
            'app_metadata', person -> 'raw_app_meta_data'
        )::text,
        true
    );
end
$$;

create function tests.authenticate_as_service_role() returns void
language plpgsql
as $$
begin
    perform pg_catalog.set_config('role', 'service_role', true);
    perform pg_catalog.set_config('request.jwt.claims', null, true);
end
$$;

create function tests.clear_authentication() returns void
language plpgsql
as $$
begin
    perform pg_catalog.set_config('role', 'anon', true);
    perform pg_catalog.set_config('request.jwt.claims', null, true);
end
$$;
