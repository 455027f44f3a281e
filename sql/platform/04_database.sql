-- What a copy of a template does not bring along: who owns the database, and who may do what to it.
do $$
declare
    here constant text := pg_catalog.current_database();
begin
    execute pg_catalog.format('alter database %I owner to postgres', here);
    execute pg_catalog.format('grant connect, temporary on database %I to public', here);
    execute pg_catalog.format('grant all on database %I to dashboard_user', here);
    if pg_catalog.supautils_era() = 'c' then
        execute pg_catalog.format(
            'grant create on database %I to supabase_auth_admin, supabase_realtime_admin', here
        );
    end if;
end
$$;
