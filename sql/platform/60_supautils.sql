-- Stands in for supautils, the library through which Supabase lets postgres manage policies and
-- drop triggers on some tables of the services without owning them. A library leaves no trace in
-- the catalog; this one needs six event triggers, and keeps its functions in pg_catalog.
--
-- How: for the length of one such statement postgres is made a member of the services' roles, so
-- that PostgreSQL's own check passes; at its end the membership is gone. The row is written by
-- hand, because grant would lock the role until the transaction ends and have parallel sessions
-- wait for each other. Its grantor is a number made of the session's process id, higher than any
-- role's. Nobody else ever sees the row: the transaction that made it deletes it, or the failing
-- statement rolls it back.

-- The same way, publications of all tables or of whole schemas and foreign data wrappers, which
-- PostgreSQL keeps for superusers, make postgres one for the length of the statement; so do
-- publications of the services' tables, and moving an extension, whose objects belong to the
-- superuser, to another schema. These lock its row in pg_authid until the transaction ends; they
-- are rare.

-- Leaves behind who runs the statement, which a security definer function cannot see.
create or replace function pg_catalog.supautils_caller() returns event_trigger
language plpgsql
set search_path to ''
as $$
begin
    perform pg_catalog.set_config('supautils.caller', current_user::text, true);
end
$$;

create or replace function pg_catalog.supautils_loan() returns event_trigger
language plpgsql security definer  -- writes pg_auth_members and pg_authid
set search_path to ''
set allow_system_table_mods to 'on'
as $$
begin
    if pg_catalog.current_setting('supautils.caller', true) <> 'postgres' then
        return;
    end if;
    if tg_tag not like '%POLICY' and tg_tag <> 'DROP TRIGGER' then
        if pg_catalog.current_query() ~* (case tg_tag
            when 'ALTER EXTENSION' then '\mset\s+schema\M'
            when 'CREATE FOREIGN DATA WRAPPER' then ''
            else '\m(all\s+tables|tables\s+in\s+schema)\M|\m(auth|realtime|storage)"?\s*\.'
        end) then
            update pg_catalog.pg_authid set rolsuper = true where rolname = 'postgres';
        end if;
        return;
    end if;
    insert into pg_catalog.pg_auth_members (
        oid, roleid, member, grantor, admin_option, inherit_option, set_option
    )
    select
        pg_catalog.pg_nextoid(
            'pg_catalog.pg_auth_members', 'oid', 'pg_catalog.pg_auth_members_oid_index'
        ),
        lender.oid,
        'postgres'::regrole,
        (4290000000 + pg_catalog.pg_backend_pid())::oid,
        false,
        true,
        false
    from pg_catalog.pg_roles as lender
    where
        lender.rolname in (
            'supabase_auth_admin', 'supabase_storage_admin', 'supabase_realtime_admin'
        );
end
$$;

-- The tables that the loan is meant for (supautils.policy_grants and drop_trigger_grants).
create or replace function pg_catalog.supautils_covers(namespace text, relation text)
returns boolean
language sql immutable
set search_path to ''
as $$
    select case namespace
        when 'auth' then relation in (
            'audit_log_entries', 'flow_state', 'identities', 'instances', 'mfa_amr_claims',
            'mfa_challenges', 'mfa_factors', 'oauth_clients', 'one_time_tokens',
            'refresh_tokens', 'saml_providers', 'saml_relay_states', 'sessions', 'sso_domains',
            'sso_providers', 'users'
        )
        when 'realtime' then relation in ('messages', 'subscription')
        when 'storage' then relation in (
            'buckets', 'buckets_analytics', 'objects', 'prefixes', 's3_multipart_uploads',
            's3_multipart_uploads_parts'
        )
        else false
    end
$$;

-- Refuses what the loan allowed beyond those tables, in PostgreSQL's own words.
create or replace function pg_catalog.supautils_refuse(namespace text, relation text) returns void
language plpgsql
set search_path to ''
as $$
begin
    if
        not pg_catalog.supautils_covers(namespace, relation)
        and exists (
            select 1
            from pg_catalog.pg_class as rel
            inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
            inner join pg_catalog.pg_auth_members as loan on rel.relowner = loan.roleid
            where
                nsp.nspname = namespace
                and rel.relname = relation
                and loan.grantor = (4290000000 + pg_catalog.pg_backend_pid())::oid
        )
    then
        raise exception using
            errcode = '42501',
            message = pg_catalog.format('must be owner of table %s', relation);
    end if;
end
$$;

create or replace function pg_catalog.supautils_drop() returns event_trigger
language plpgsql
set search_path to ''
as $$
declare
    dropped record;
begin
    for dropped in
        select address_names
        from pg_catalog.pg_event_trigger_dropped_objects()
        where original and object_type in ('policy', 'trigger')
    loop
        perform pg_catalog.supautils_refuse(dropped.address_names[1], dropped.address_names[2]);
    end loop;
end
$$;

create or replace function pg_catalog.supautils_return() returns event_trigger
language plpgsql security definer  -- writes pg_auth_members and pg_authid
set search_path to ''
set allow_system_table_mods to 'on'
as $$
declare
    changed record;
begin
    if tg_tag not like '%POLICY' and tg_tag <> 'DROP TRIGGER' then
        for changed in
            select ext.extname
            from pg_catalog.pg_event_trigger_ddl_commands() as command
            inner join pg_catalog.pg_extension as ext on command.objid = ext.oid
            where
                command.classid = 'pg_catalog.pg_extension'::regclass
                and ext.extowner <> 'postgres'::regrole
                and pg_catalog.current_setting('supautils.caller', true) = 'postgres'
        loop
            raise exception using
                errcode = '42501',
                message = pg_catalog.format('must be owner of extension %s', changed.extname);
        end loop;
        update pg_catalog.pg_authid set rolsuper = false where rolname = 'postgres' and rolsuper;
        return;
    end if;
    for changed in
        select nsp.nspname, rel.relname
        from pg_catalog.pg_event_trigger_ddl_commands() as command
        inner join pg_catalog.pg_policy as policy on command.objid = policy.oid
        inner join pg_catalog.pg_class as rel on policy.polrelid = rel.oid
        inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
        where command.classid = 'pg_catalog.pg_policy'::regclass
    loop
        perform pg_catalog.supautils_refuse(changed.nspname, changed.relname);
    end loop;
    delete from pg_catalog.pg_auth_members
    where grantor = (4290000000 + pg_catalog.pg_backend_pid())::oid;
end
$$;

-- Dumps of older projects say `create extension pgsodium with schema pgsodium`, and pgmq likewise:
-- there the schema was part of the platform, or was left out of the dump as the extension's own. A
-- schema that an extension prescribes is therefore made where the statement names it.
create or replace function pg_catalog.supautils_creating() returns event_trigger
language plpgsql
set search_path to ''
as $$
declare
    prescribed name;
begin
    for prescribed in
        select distinct control.schema
        from pg_catalog.regexp_matches(
            pg_catalog.current_query(),
            'extension\s+(?:if\s+not\s+exists\s+)?"?([\w-]+)"?\s+(?:with\s+)?schema\s+"?(\w+)',
            'gi'
        ) as named
        inner join pg_catalog.pg_available_extension_versions as control
            on named[1] = control.name and named[2] = control.schema
        where
            pg_catalog.to_regnamespace(pg_catalog.quote_ident(control.schema)) is null
            -- A script may do so itself, between here and there.
            and pg_catalog.current_query() !~* ('create\s+schema\s+"?' || control.schema)
    loop
        execute pg_catalog.format('create schema %I', prescribed);
    end loop;
end
$$;

-- What Supabase does after an extension was created (supautils.extension_custom_scripts_path): the
-- wrapper of postgres_fdw becomes postgres's, so that it can create servers and let others do so.
create or replace function pg_catalog.supautils_created() returns event_trigger
language plpgsql security definer  -- writes pg_authid: only a superuser may own a wrapper
set search_path to ''
set allow_system_table_mods to 'on'
as $$
begin
    if exists (
        select 1
        from pg_catalog.pg_event_trigger_ddl_commands() as command
        inner join pg_catalog.pg_extension as created on command.objid = created.oid
        where created.extname = 'postgres_fdw'
    ) then
        update pg_catalog.pg_authid set rolsuper = true where rolname = 'postgres';
        alter foreign data wrapper postgres_fdw owner to postgres;
        update pg_catalog.pg_authid set rolsuper = false where rolname = 'postgres';
    end if;
end
$$;

-- PostgreSQL fires event triggers in the order of their names; `always`, because migrations that
-- set session_replication_role to replica create policies too.
create event trigger supautils_1_caller on ddl_command_start
when tag in (
    'CREATE POLICY', 'ALTER POLICY', 'DROP POLICY', 'DROP TRIGGER',
    'CREATE PUBLICATION', 'ALTER PUBLICATION', 'CREATE FOREIGN DATA WRAPPER', 'ALTER EXTENSION'
)
execute function pg_catalog.supautils_caller();
create event trigger supautils_2_loan on ddl_command_start
when tag in (
    'CREATE POLICY', 'ALTER POLICY', 'DROP POLICY', 'DROP TRIGGER',
    'CREATE PUBLICATION', 'ALTER PUBLICATION', 'CREATE FOREIGN DATA WRAPPER', 'ALTER EXTENSION'
)
execute function pg_catalog.supautils_loan();
create event trigger supautils_drop on sql_drop
when tag in ('DROP POLICY', 'DROP TRIGGER')
execute function pg_catalog.supautils_drop();
create event trigger supautils_return on ddl_command_end
when tag in (
    'CREATE POLICY', 'ALTER POLICY', 'DROP POLICY', 'DROP TRIGGER',
    'CREATE PUBLICATION', 'ALTER PUBLICATION', 'CREATE FOREIGN DATA WRAPPER', 'ALTER EXTENSION'
)
execute function pg_catalog.supautils_return();
create event trigger supautils_creating on ddl_command_start
when tag in ('CREATE EXTENSION')
execute function pg_catalog.supautils_creating();
create event trigger supautils_created on ddl_command_end
when tag in ('CREATE EXTENSION')
execute function pg_catalog.supautils_created();
alter event trigger supautils_1_caller enable always;
alter event trigger supautils_2_loan enable always;
alter event trigger supautils_creating enable always;
alter event trigger supautils_created enable always;
alter event trigger supautils_drop enable always;
alter event trigger supautils_return enable always;
