-- What Supabase grants when a project creates pg_cron, pg_net or pg_graphql, and the placeholder
-- that answers in pg_graphql's place.

-- Event triggers run as whoever typed the statement. On Supabase that is a superuser for the
-- length of create extension; here it is postgres, so the granting itself is this one function's,
-- which says nothing but what every project has anyway.
create or replace function pg_catalog.supautils_extension_access(extension text) returns void
language plpgsql security definer  -- grants on the superuser's objects
set search_path to ''
as $function$
begin
    if extension = 'pg_cron' then
        alter default privileges for role supabase_admin in schema cron
        grant all on tables to postgres with grant option;
        alter default privileges for role supabase_admin in schema cron
        grant all on sequences to postgres with grant option;
        alter default privileges for role supabase_admin in schema cron
        grant all on functions to postgres with grant option;
        grant usage on schema cron to postgres with grant option;
        grant all on all tables in schema cron to postgres with grant option;
        grant all on all sequences in schema cron to postgres with grant option;
        grant all on all functions in schema cron to postgres with grant option;
        -- Jobs are written through cron's functions only.
        revoke all on cron.job from postgres;
        grant select on cron.job to postgres with grant option;
        if pg_catalog.supautils_era() = 'c' then
            revoke trigger on cron.job_run_details from postgres;
        end if;
    elsif extension = 'pg_net' then
        grant usage on schema net
        to anon, authenticated, postgres, service_role, supabase_functions_admin;
    elsif extension = 'pg_graphql' then
        drop function if exists graphql_public.graphql(text, text, jsonb, jsonb);
        create function graphql_public.graphql(
            "operationName" text default null,
            query text default null,
            variables jsonb default null,
            extensions jsonb default null
        ) returns jsonb
        language sql
        as $$
            select graphql.resolve(
                query := query,
                variables := coalesce(variables, '{}'),
                "operationName" := "operationName",
                extensions := extensions
            )
        $$;
        grant usage on schema graphql to anon, authenticated, service_role;
        grant usage on schema graphql to postgres with grant option;
        grant all on all tables in schema graphql to postgres, anon, authenticated, service_role;
        grant all on all sequences in schema graphql to postgres, anon, authenticated, service_role;
        grant all on all functions in schema graphql to postgres, anon, authenticated, service_role;
    elsif extension is null then
        drop function if exists graphql_public.graphql(text, text, jsonb, jsonb);
        create function graphql_public.graphql(
            "operationName" text default null,
            query text default null,
            variables jsonb default null,
            extensions jsonb default null
        ) returns jsonb
        language plpgsql
        as $$
        begin
            return jsonb_build_object('errors', jsonb_build_array(
                jsonb_build_object('message', 'pg_graphql extension is not enabled.')
            ));
        end
        $$;
    end if;
end
$function$;

create or replace function extensions.grant_pg_cron_access() returns event_trigger
language plpgsql
as $$
begin
    if exists (
        select 1
        from pg_catalog.pg_event_trigger_ddl_commands() as command
        inner join pg_catalog.pg_extension as created on command.objid = created.oid
        where created.extname = 'pg_cron'
    ) then
        perform pg_catalog.supautils_extension_access('pg_cron');
    end if;
end
$$;

create or replace function extensions.grant_pg_net_access() returns event_trigger
language plpgsql
as $$
begin
    if exists (
        select 1
        from pg_catalog.pg_event_trigger_ddl_commands() as command
        inner join pg_catalog.pg_extension as created on command.objid = created.oid
        where created.extname = 'pg_net'
    ) then
        perform pg_catalog.supautils_extension_access('pg_net');
    end if;
end
$$;

create or replace function extensions.grant_pg_graphql_access() returns event_trigger
language plpgsql
as $$
begin
    if exists (
        select 1
        from pg_catalog.pg_event_trigger_ddl_commands() as command
        where
            (
                command.object_type = 'extension'
                and exists (
                    select 1
                    from pg_catalog.pg_extension as created
                    where created.oid = command.objid and created.extname = 'pg_graphql'
                )
            )
            or command.object_identity like 'graphql.resolve(%'
    ) then
        perform pg_catalog.supautils_extension_access('pg_graphql');
    end if;
end
$$;

create or replace function extensions.set_graphql_placeholder() returns event_trigger
language plpgsql
as $$
begin
    if exists (
        select 1
        from pg_catalog.pg_event_trigger_dropped_objects() as dropped
        where dropped.object_type = 'extension' and dropped.object_name = 'pg_graphql'
    ) then
        perform pg_catalog.supautils_extension_access(null);
    end if;
end
$$;

do $$
begin
    perform pg_catalog.supautils_extension_access(null);
end
$$;

create event trigger issue_pg_cron_access on ddl_command_end
when tag in ('CREATE EXTENSION')
execute function extensions.grant_pg_cron_access();
create event trigger issue_pg_net_access on ddl_command_end
when tag in ('CREATE EXTENSION')
execute function extensions.grant_pg_net_access();
create event trigger issue_graphql_placeholder on sql_drop
when tag in ('DROP EXTENSION')
execute function extensions.set_graphql_placeholder();

-- As supautils' other parts, these are nobody's to call by hand.
revoke execute
on function
    extensions.pgrst_ddl_watch(),
    extensions.pgrst_drop_watch(),
    extensions.grant_pg_cron_access(),
    extensions.grant_pg_net_access(),
    extensions.grant_pg_graphql_access(),
    extensions.set_graphql_placeholder()
from public, postgres;
