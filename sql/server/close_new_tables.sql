-- What config.toml's api.auto_expose_new_tables = false means: nothing that postgres creates in
-- public is reachable through the API until it is granted.
alter default privileges for role postgres in schema public
revoke select, insert, update, delete on tables from anon, authenticated, service_role;

alter default privileges for role postgres in schema public
revoke usage, select on sequences from anon, authenticated, service_role;

alter default privileges for role postgres in schema public
revoke execute on functions from anon, authenticated, service_role;
