-- Who is a member of what. The admin option on the API roles is what lets postgres pass them on
-- and change their settings; before PostgreSQL 16 createrole alone allowed that, so the older
-- profile has it here as well.
do $$
declare
    wanted record;
begin
    for wanted in
        select *
        from (
            values
            -- member, group, with admin option, profile (null: both)
            ('authenticator', 'anon', false, null),
            ('authenticator', 'authenticated', false, null),
            ('authenticator', 'service_role', false, null),
            ('postgres', 'anon', true, null),
            ('postgres', 'authenticated', true, null),
            ('postgres', 'service_role', true, null),
            ('postgres', 'authenticator', true, null),
            ('postgres', 'pg_create_subscription', true, 'c'),
            ('postgres', 'pg_monitor', true, 'c'),
            ('postgres', 'pg_monitor', false, 's'),
            ('postgres', 'pg_read_all_data', true, 'c'),
            ('postgres', 'pg_read_all_data', false, 's'),
            ('postgres', 'pg_signal_backend', true, 'c'),
            ('postgres', 'pg_signal_backend', false, 's'),
            ('postgres', 'supabase_functions_admin', false, null),
            ('postgres', 'supabase_privileged_role', false, 'c'),
            ('supabase_etl_admin', 'pg_monitor', false, 'c'),
            ('supabase_etl_admin', 'pg_read_all_data', false, 'c'),
            ('supabase_etl_admin', 'supabase_privileged_role', false, 'c'),
            ('supabase_read_only_user', 'pg_monitor', false, 'c'),
            ('supabase_read_only_user', 'pg_read_all_data', false, null),
            ('supabase_realtime_admin', 'anon', false, 'c'),
            ('supabase_realtime_admin', 'authenticated', false, 'c'),
            ('supabase_realtime_admin', 'service_role', false, 'c'),
            ('supabase_storage_admin', 'authenticator', false, null)
        ) as membership (member, granted, admin, profile)
        where
            (profile is null or profile = pg_catalog.current_setting('platform.profile'))
            and not exists (
                select 1
                from pg_catalog.pg_auth_members as held
                where
                    held.member = membership.member::regrole
                    and held.roleid = membership.granted::regrole
                    and held.admin_option = membership.admin
            )
        order by member, granted
    loop
        execute pg_catalog.format(
            'grant %I to %I%s',
            wanted.granted,
            wanted.member,
            case when wanted.admin then ' with admin option' else '' end
        );
    end loop;
end
$$;
