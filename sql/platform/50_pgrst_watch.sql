-- Tells PostgREST to read the schema again after DDL that its API may show: of anything that is
-- neither temporary nor one of the services' own.
create or replace function extensions.pgrst_ddl_watch() returns event_trigger
language plpgsql
as $$
begin
    if exists (
        select 1
        from pg_catalog.pg_event_trigger_ddl_commands() as command
        where
            command.schema_name is distinct from 'pg_temp'
            and command.object_identity not like '% on pg\_temp.%'
            and (
                command.command_tag = 'CREATE TRIGGER'
                or command.schema_name is null
                or command.schema_name not in ('auth', 'realtime', 'storage')
            )
            and command.command_tag in (
                'CREATE SCHEMA', 'ALTER SCHEMA',
                'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE',
                'CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE',
                'CREATE VIEW', 'ALTER VIEW',
                'CREATE MATERIALIZED VIEW', 'ALTER MATERIALIZED VIEW',
                'CREATE FUNCTION', 'ALTER FUNCTION',
                'CREATE TRIGGER', 'CREATE TYPE', 'ALTER TYPE', 'CREATE RULE', 'COMMENT'
            )
    ) then
        notify pgrst, 'reload schema';
    end if;
end
$$;

create or replace function extensions.pgrst_drop_watch() returns event_trigger
language plpgsql
as $$
begin
    if exists (
        select 1
        from pg_catalog.pg_event_trigger_dropped_objects() as dropped
        where
            not dropped.is_temporary
            and (
                dropped.object_type = 'trigger'
                or dropped.schema_name is null
                or dropped.schema_name not in ('auth', 'realtime', 'storage')
            )
            and dropped.object_type in (
                'schema', 'table', 'foreign table', 'view', 'materialized view', 'function',
                'trigger', 'type', 'rule'
            )
    ) then
        notify pgrst, 'reload schema';
    end if;
end
$$;

create event trigger pgrst_ddl_watch on ddl_command_end
execute function extensions.pgrst_ddl_watch();
create event trigger pgrst_drop_watch on sql_drop
execute function extensions.pgrst_drop_watch();
