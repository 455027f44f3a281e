-- What config.toml's api.auto_expose_new_tables = true means: everything that postgres creates in
-- public is reachable through the API at once.
alter default privileges for role postgres in schema public
grant all on tables to anon, authenticated, service_role;

alter default privileges for role postgres in schema public
grant all on sequences to anon, authenticated, service_role;

alter default privileges for role postgres in schema public
grant all on functions to anon, authenticated, service_role;
