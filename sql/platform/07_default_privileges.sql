-- What is granted by itself on objects that the platform's roles create later. Whether a new table
-- of postgres in public is reachable through the API is the exposure switch: since 2026 a new
-- project grants nothing that reads or writes rows, only what this file calls the remainder.
do $$
declare
    rule record;
    kind text;
    suffix text;
begin
    for rule in
        select *
        from (
            values
            -- creator, schema, grantees, with grant option
            ('postgres', 'public', 'postgres', false),
            ('postgres', 'storage', 'postgres, anon, authenticated, service_role', false),
            ('supabase_admin', 'extensions', 'postgres', true),
            ('supabase_admin', 'graphql', 'postgres, anon, authenticated, service_role', false),
            (
                'supabase_admin', 'graphql_public',
                'postgres, anon, authenticated, service_role', false
            ),
            ('supabase_admin', 'public', 'postgres, anon, authenticated, service_role', false),
            ('supabase_admin', 'realtime', 'postgres, dashboard_user', false),
            (
                'supabase_admin', 'supabase_functions',
                'postgres, anon, authenticated, service_role', false
            ),
            ('supabase_auth_admin', 'auth', 'postgres, dashboard_user', false)
        ) as rule (creator, namespace, grantees, grantable)
        order by creator, namespace
    loop
        suffix := case when rule.grantable then ' with grant option' else '' end;
        foreach kind in array array['tables', 'sequences', 'functions'] loop
            execute pg_catalog.format(
                'alter default privileges for role %I in schema %I grant all on %s to %s%s',
                rule.creator, rule.namespace, kind, rule.grantees, suffix
            );
        end loop;
    end loop;
end
$$;

alter default privileges for role postgres in schema public
grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
grant all on sequences to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
grant all on functions to anon, authenticated, service_role;

do $$
begin
    if not pg_catalog.current_setting('platform.expose')::boolean then
        alter default privileges for role postgres in schema public
        revoke select, insert, update, delete on tables from anon, authenticated, service_role;
        alter default privileges for role postgres in schema public
        revoke usage, select on sequences from anon, authenticated, service_role;
        alter default privileges for role postgres in schema public
        revoke execute on functions from anon, authenticated, service_role;
    end if;
end
$$;
