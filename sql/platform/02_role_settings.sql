-- What each role's session starts with. These apply to a login, not to set role: an API role's
-- timeout therefore binds PostgREST's authenticator sessions only where PostgREST applies it.
do $$
declare
    wanted record;
begin
    for wanted in
        select *
        from (
            values
            -- role, setting, value as written after `to`, as pg_db_role_setting stores it, profile
            ('anon', 'statement_timeout', '''3s''', '3s', null),
            ('authenticated', 'statement_timeout', '''8s''', '8s', null),
            ('authenticator', 'lock_timeout', '''8s''', '8s', null),
            ('authenticator', 'statement_timeout', '''8s''', '8s', null),
            (
                'postgres', 'search_path', '"$user", public, extensions',
                '"$user", public, extensions', null
            ),
            ('supabase_admin', 'log_statement', '''none''', 'none', null),
            (
                'supabase_admin', 'search_path', '"$user", public, auth, extensions',
                '"$user", public, auth, extensions', null
            ),
            (
                'supabase_auth_admin', 'idle_in_transaction_session_timeout', '60000', '60000',
                null
            ),
            ('supabase_auth_admin', 'log_statement', '''none''', 'none', null),
            ('supabase_auth_admin', 'search_path', 'auth', 'auth', null),
            (
                'supabase_functions_admin', 'search_path', 'supabase_functions',
                'supabase_functions', null
            ),
            ('supabase_read_only_user', 'default_transaction_read_only', '''on''', 'on', 'c'),
            (
                'supabase_realtime_admin', 'search_path', 'public, extensions, realtime',
                'public, extensions, realtime', 'c'
            ),
            ('supabase_storage_admin', 'log_statement', '''none''', 'none', null),
            ('supabase_storage_admin', 'search_path', 'storage', 'storage', null)
        ) as setting (role, name, written, stored, profile)
        where
            (profile is null or profile = pg_catalog.current_setting('platform.profile'))
            and not exists (
                select 1
                from pg_catalog.pg_db_role_setting as held
                where
                    held.setrole = setting.role::regrole
                    and held.setdatabase = 0
                    and (setting.name || '=' || setting.stored) = any (held.setconfig)
            )
        order by role, name
    loop
        execute pg_catalog.format(
            'alter role %I set %I to %s', wanted.role, wanted.name, wanted.written
        );
    end loop;
end
$$;

-- Supabase loads two libraries into every session of authenticator. A library that the server
-- does not have would refuse the login itself, so the setting is made only where both load.
do $$
declare
    libraries constant text := case pg_catalog.current_setting('platform.profile')
        when 'c' then 'supautils, safeupdate' else 'safeupdate'
    end;
    library text;
begin
    if exists (
        select 1
        from pg_catalog.pg_db_role_setting
        where
            setrole = 'authenticator'::regrole
            and setdatabase = 0
            and ('session_preload_libraries=' || libraries) = any (setconfig)
    ) then
        return;
    end if;
    foreach library in array pg_catalog.string_to_array(libraries, ', ') loop
        execute pg_catalog.format('load %L', library);
    end loop;
    execute 'alter role authenticator set session_preload_libraries to ' || libraries;
exception
    when undefined_file then
        null;
end
$$;
