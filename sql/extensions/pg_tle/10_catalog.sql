-- Extensions that arrive as the text of a statement. What was handed over is kept in two tables;
-- 30_files.sql makes files of it when an extension is created.

create table pgtle.controls (
    name text primary key,
    default_version text not null,
    description text,
    requires text[] not null default '{}'
);

-- An install script has no version to come from.
create table pgtle.scripts (
    name text not null references pgtle.controls (name) on delete cascade,
    since text not null default '',
    version text not null,
    body text not null,
    primary key (name, since, version)
);

select pg_catalog.pg_extension_config_dump('pgtle.controls', '');
select pg_catalog.pg_extension_config_dump('pgtle.scripts', '');

create function pgtle.available_extensions(
    out name name, out default_version text, out comment text
) returns setof record
language sql stable security definer  -- the tables are the owner's
set search_path = ''
as $$
    select c.name::name, c.default_version, c.description
    from pgtle.controls as c
    order by c.name
$$;

create function pgtle.available_extension_versions(
    out name name,
    out version text,
    out superuser boolean,
    out trusted boolean,
    out relocatable boolean,
    out schema name,
    out requires name[],
    out comment text
) returns setof record
language sql stable security definer  -- the tables are the owner's
set search_path = ''
as $$
    select
        c.name::name, s.version, false, false, false, null::name, c.requires::name[], c.description
    from pgtle.controls as c
    inner join pgtle.scripts as s on c.name = s.name
    where s.since = ''
    order by c.name, s.version
$$;

create function pgtle.extension_update_paths(
    name name, out source text, out target text, out path text
) returns setof record
language sql stable security definer  -- the tables are the owner's
set search_path = ''
as $$
    select s.since, s.version, s.since || '--' || s.version
    from pgtle.scripts as s
    where s.name = extension_update_paths.name::text and s.since <> ''
    order by s.since, s.version
$$;
