-- A foreign key's RESTRICT refuses with 23503 (foreign_key_violation) on the versions of PostgreSQL
-- that Supabase runs; since PostgreSQL 18, with 23001 and another message. Functions that catch the
-- one, and tests that expect it, would see the other. The triggers of NO ACTION still refuse in the
-- old words, and differ only in waiting for the end of the statement: new RESTRICT keys get those.
-- The constraint itself says RESTRICT as before.
create or replace function pg_catalog.supautils_restrict() returns event_trigger
language plpgsql security definer  -- writes pg_trigger
set search_path to ''
set allow_system_table_mods to 'on'
as $$
begin
    with changed as (
        update pg_catalog.pg_trigger as guard
        set
            tgfoid = case guard.tgfoid
                when '"RI_FKey_restrict_del"'::regproc then '"RI_FKey_noaction_del"'::regproc
                else '"RI_FKey_noaction_upd"'::regproc
            end
        from pg_catalog.pg_event_trigger_ddl_commands() as command
        inner join pg_catalog.pg_constraint as foreign_key
            on command.objid = foreign_key.conrelid and foreign_key.contype = 'f'
        where
            guard.tgconstraint = foreign_key.oid
            and guard.tgfoid in (
                '"RI_FKey_restrict_del"'::regproc, '"RI_FKey_restrict_upd"'::regproc
            )
        returning guard.tgrelid
    )

    -- Sessions forget what they know of a table's triggers when its row here changes.
    update pg_catalog.pg_class
    set relhastriggers = true
    where oid in (select tgrelid from changed);
end
$$;

do $$
begin
    if pg_catalog.current_setting('server_version_num')::integer >= 180000 then
        create event trigger supautils_restrict on ddl_command_end
        when tag in ('ALTER TABLE', 'CREATE SCHEMA', 'CREATE TABLE')
        execute function pg_catalog.supautils_restrict();
        alter event trigger supautils_restrict enable always;
    end if;
end
$$;
