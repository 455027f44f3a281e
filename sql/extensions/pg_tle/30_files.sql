-- PostgreSQL reads extensions from files only, so just before one is created, what this database
-- was handed over is written to the last folder of extension_control_path. Files are the whole
-- server's: a script therefore begins with asking whether this database was handed it.

create function pgtle.write_file(path text, content text) returns void
language plpgsql volatile
set search_path = ''
as $$
declare
    draft constant oid := pg_catalog.lo_from_bytea(0, pg_catalog.convert_to(content, 'UTF8'));
begin
    perform pg_catalog.lo_export(draft, path);
    perform pg_catalog.lo_unlink(draft);
end
$$;

create function pgtle.control_file(control pgtle.controls) returns text
language sql stable
set search_path = ''
as $$
    select
        pg_catalog.format(
            E'default_version = %L\nrelocatable = false\nsuperuser = false\n',
            control.default_version
        )
        || case
            when control.requires = '{}' then ''
            else pg_catalog.format(
                E'requires = %L\n', pg_catalog.array_to_string(control.requires, ', ')
            )
        end
        || case
            when control.description is null then ''
            else pg_catalog.format(
                E'comment = %s\n',
                '''' || pg_catalog.regexp_replace(control.description, '[''\\\n\r]', ' ', 'g') || ''''
            )
        end
$$;

create function pgtle.script_file(script pgtle.scripts) returns text
language sql stable
set search_path = ''
as $$
    select pg_catalog.format(
        $guard$do $handed_over$
begin
    if pg_catalog.to_regclass('pgtle.scripts') is null or not exists (
        select 1 from pgtle.available_extensions() as a where a.name = %L
    ) then
        raise exception using errcode = '0A000', message = %L;
    end if;
end
$handed_over$;
$guard$,
        script.name, pg_catalog.format('extension "%s" is not available', script.name)
    ) || script.body
$$;

create function pgtle.write_files() returns event_trigger
language plpgsql volatile security definer  -- writes the server's files
set search_path = ''
as $$
declare
    folder constant text := pgtle.folder();
    control pgtle.controls;
    script pgtle.scripts;
begin
    for control in select c.* from pgtle.controls as c order by c.name loop
        perform pgtle.write_file(
            folder || control.name || '.control', pgtle.control_file(control)
        );
    end loop;
    for script in select s.* from pgtle.scripts as s order by s.name, s.since, s.version loop
        perform pgtle.write_file(
            folder || pg_catalog.concat_ws('--', script.name, nullif(script.since, ''), script.version)
            || '.sql',
            pgtle.script_file(script)
        );
    end loop;
end
$$;

revoke execute on all functions in schema pgtle from public;
grant execute on function
pgtle.available_extensions(),
pgtle.available_extension_versions(),
pgtle.extension_update_paths(name)
to public;

create event trigger pgtle_write_files on ddl_command_start
when tag in ('CREATE EXTENSION', 'ALTER EXTENSION')
execute function pgtle.write_files();
alter event trigger pgtle_write_files enable always;
