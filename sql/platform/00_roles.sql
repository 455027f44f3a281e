-- The roles of a Supabase cluster and their attributes. Roles belong to the cluster, not to a
-- database, so this converges on the list below and leaves what is right already alone.
do $$
declare
    wanted record;
    wished text;
    present text;
begin
    for wanted in
        select *
        from (
            values
            -- name, attributes beside plain inherit, profile (null: both)
            ('anon', '', null),
            ('authenticated', '', null),
            ('authenticator', 'noinherit login', null),
            ('dashboard_user', 'createdb createrole replication', null),
            ('pgbouncer', 'login', null),
            ('postgres', 'createdb createrole login replication bypassrls', null),
            ('service_role', 'bypassrls', null),
            (
                'supabase_admin', 'superuser createdb createrole login replication bypassrls',
                null
            ),
            ('supabase_auth_admin', 'createrole noinherit login', null),
            ('supabase_etl_admin', 'login replication bypassrls', 'c'),
            ('supabase_functions_admin', 'createrole noinherit login', null),
            ('supabase_privileged_role', '', 'c'),
            ('supabase_read_only_user', 'login bypassrls', null),
            ('supabase_realtime_admin', 'noinherit', null),
            ('supabase_replication_admin', 'login replication', null),
            ('supabase_storage_admin', 'createrole noinherit login', null)
        ) as role (name, attributes, profile)
        where profile is null or profile = pg_catalog.current_setting('platform.profile')
        order by name
    loop
        -- Both sides name every attribute, in one order: superuser or nosuperuser, and so on.
        select
            pg_catalog.string_agg(
                case
                    when attribute = any (pg_catalog.string_to_array(wanted.attributes, ' '))
                        then attribute
                    when
                        attribute = 'inherit'
                        and wanted.attributes !~ '\mnoinherit\M' then attribute
                    else 'no' || attribute
                end,
                ' ' order by place
            )
        into wished
        from pg_catalog.unnest(
            array[
                'superuser', 'createdb', 'createrole', 'inherit', 'login', 'replication',
                'bypassrls'
            ]
        ) with ordinality as listed (attribute, place);
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
        into present
        from pg_catalog.pg_roles
        where rolname = wanted.name;
        if not found then
            execute pg_catalog.format('create role %I %s', wanted.name, wished);
        elsif present <> wished then
            execute pg_catalog.format('alter role %I %s', wanted.name, wished);
        end if;
    end loop;
end
$$;
