-- Packages of database.dev. Nothing is fetched: what this server offers is there already, and of
-- any other package the error says how to bring it along.

create schema dbdev;

create function dbdev.install(
    package_name text, base_url text default null, api_key text default null
) returns boolean
language plpgsql
set search_path = ''
as $$
begin
    if not exists (
        select 1 from pg_catalog.pg_available_extensions as a where a.name = package_name
    ) then
        raise exception 'package "%" was not fetched: dbdev is a stand-in here', package_name
            using
                errcode = '0A000',
                hint = 'Bring it along: the command `dbdev add` writes a package into a migration, '
                    'which hands it over through pgtle.install_extension.';
    end if;
    return true;
end
$$;

grant usage on schema dbdev to postgres;
