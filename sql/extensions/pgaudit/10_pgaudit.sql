-- The event trigger functions, which do nothing: projects create the extension, and read it
-- nowhere.

create function pgaudit_ddl_command_end() returns event_trigger
language plpgsql volatile security definer
set search_path = 'pg_catalog, pg_temp'
as $$
begin
    null;
end
$$;

create function pgaudit_sql_drop() returns event_trigger
language plpgsql volatile security definer
set search_path = 'pg_catalog, pg_temp'
as $$
begin
    null;
end
$$;
