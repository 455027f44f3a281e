-- Handing extensions over and taking them back. Every function runs as its owner, who alone may
-- write the tables; postgres alone may call those that write.

-- What a name may not be, because it becomes part of a file's name.
create function pgtle.checked(name text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
    if name is null or name !~ '^[A-Za-z0-9_@.-]+$' or name ~ '(--|^[-.]|-$)' then
        raise exception 'invalid extension name: "%"', name using errcode = '42602';
    end if;
    return name;
end
$$;

-- Where 30_files.sql writes: the last folder of extension_control_path.
create function pgtle.folder() returns text
language sql stable
set search_path = ''
as $$
    select pg_catalog.regexp_replace(
        pg_catalog.current_setting('extension_control_path', true), '^.*:', ''
    ) || '/extension/'
$$;

-- Whether the server has an extension of that name without anybody's handing it over.
create function pgtle.is_offered(name text) returns boolean
language sql stable security definer  -- looks at the server's files
set search_path = ''
as $$
    select
        exists (select 1 from pg_catalog.pg_available_extensions as a where a.name = $1)
        and (pg_catalog.pg_stat_file(pgtle.folder() || $1 || '.control', true)).size is null
$$;

create function pgtle.install_extension(
    name text, version text, description text, ext text, requires text[] default null
) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
    if exists (select 1 from pgtle.controls as c where c.name = $1) then
        raise exception 'extension "%" already exists', name using errcode = '42710';
    end if;
    -- What the server offers itself is what is created; this one would be passed over.
    if pgtle.is_offered(pgtle.checked(name)) then
        return true;
    end if;
    if ext is null or version is null then
        raise exception 'the script of extension "%" is null', name using errcode = '22004';
    end if;
    insert into pgtle.controls (name, default_version, description, requires)
    values (pgtle.checked(name), pgtle.checked(version), description, coalesce(requires, '{}'));
    insert into pgtle.scripts (name, version, body) values (name, version, ext);
    return true;
end
$$;

create function pgtle.install_extension_version_sql(name text, version text, ext text)
returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
    insert into pgtle.scripts (name, version, body) values (name, pgtle.checked(version), ext);
    return true;
end
$$;

create function pgtle.install_update_path(name text, fromvers text, tovers text, ext text)
returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
    insert into pgtle.scripts (name, since, version, body)
    values (name, pgtle.checked(fromvers), pgtle.checked(tovers), ext);
    return true;
end
$$;

create function pgtle.set_default_version(name text, version text) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
    update pgtle.controls as c set default_version = pgtle.checked($2) where c.name = $1;
    if not found and not pgtle.is_offered(name) then
        raise exception 'extension "%" does not exist', name using errcode = '42704';
    end if;
    return true;
end
$$;

create function pgtle.uninstall_extension_if_exists(extname text) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
    delete from pgtle.controls as c where c.name = extname;
    return found;
end
$$;

create function pgtle.uninstall_extension(extname text) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
    if not pgtle.uninstall_extension_if_exists(extname) and not pgtle.is_offered(extname) then
        raise exception 'extension "%" does not exist', extname using errcode = '42704';
    end if;
    return true;
end
$$;

create function pgtle.uninstall_extension(extname text, version text) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
    delete from pgtle.scripts as s where s.name = extname and s.version = $2 and s.since = '';
    if not found then
        raise exception 'extension "%" has no version "%"', extname, version
            using errcode = '42704';
    end if;
    return true;
end
$$;

create function pgtle.uninstall_update_path_if_exists(extname text, fromvers text, tovers text)
returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
    delete from pgtle.scripts as s
    where s.name = extname and s.since = fromvers and s.version = tovers;
    return found;
end
$$;

create function pgtle.uninstall_update_path(extname text, fromvers text, tovers text)
returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
    if not pgtle.uninstall_update_path_if_exists(extname, fromvers, tovers) then
        raise exception 'extension "%" has no update path from "%" to "%"',
            extname, fromvers, tovers using errcode = '42704';
    end if;
    return true;
end
$$;

grant execute on all functions in schema pgtle to postgres;
grant usage on schema pgtle to public;
