-- The roles of a Supabase cluster and their attributes. Roles belong to the cluster, not to a
-- database, so this converges on the list below and leaves what is right already alone.
do $$
declare
    wanted record;
    attributes text;
begin
    for wanted in
        select *
        from (
            values
            -- name, attributes in the order of create role's manual page, profile (null: both)
            ('anon', 'nosuperuser nocreatedb nocreaterole inherit nologin noreplication nobypassrls', null),
            ('authenticated', 'nosuperuser nocreatedb nocreaterole inherit nologin noreplication nobypassrls', null),
            ('authenticator', 'nosuperuser nocreatedb nocreaterole noinherit login noreplication nobypassrls', null),
            ('dashboard_user', 'nosuperuser createdb createrole inherit nologin replication nobypassrls', null),
            ('pgbouncer', 'nosuperuser nocreatedb nocreaterole inherit login noreplication nobypassrls', null),
            ('postgres', 'nosuperuser createdb createrole inherit login replication bypassrls', null),
            ('service_role', 'nosuperuser nocreatedb nocreaterole inherit nologin noreplication bypassrls', null),
            ('supabase_admin', 'superuser createdb createrole inherit login replication bypassrls', null),
            ('supabase_auth_admin', 'nosuperuser nocreatedb createrole noinherit login noreplication nobypassrls', null),
            ('supabase_etl_admin', 'nosuperuser nocreatedb nocreaterole inherit login replication bypassrls', 'c'),
            ('supabase_functions_admin', 'nosuperuser nocreatedb createrole noinherit login noreplication nobypassrls', null),
            ('supabase_privileged_role', 'nosuperuser nocreatedb nocreaterole inherit nologin noreplication nobypassrls', 'c'),
            ('supabase_read_only_user', 'nosuperuser nocreatedb nocreaterole inherit login noreplication bypassrls', null),
            ('supabase_realtime_admin', 'nosuperuser nocreatedb nocreaterole noinherit nologin noreplication nobypassrls', null),
            ('supabase_replication_admin', 'nosuperuser nocreatedb nocreaterole inherit login replication nobypassrls', null),
            ('supabase_storage_admin', 'nosuperuser nocreatedb createrole noinherit login noreplication nobypassrls', null)
        ) as role (name, attributes, profile)
        where profile is null or profile = pg_catalog.current_setting('platform.profile')
        order by name
    loop
        select
            pg_catalog.concat_ws(
                ' ',
                case when rolsuper then 'superuser' else 'nosuperuser' end,
                case when rolcreatedb then 'createdb' else 'nocreatedb' end,
                case when rolcreaterole then 'createrole' else 'nocreaterole' end,
                case when rolinherit then 'inherit' else 'noinherit' end,
                case when rolcanlogin then 'login' else 'nologin' end,
                case when rolreplication then 'replication' else 'noreplication' end,
                case when rolbypassrls then 'bypassrls' else 'nobypassrls' end
            )
        into attributes
        from pg_catalog.pg_roles
        where rolname = wanted.name;
        if not found then
            execute pg_catalog.format('create role %I %s', wanted.name, wanted.attributes);
        elsif attributes <> wanted.attributes then
            execute pg_catalog.format('alter role %I %s', wanted.name, wanted.attributes);
        end if;
    end loop;
end
$$;
