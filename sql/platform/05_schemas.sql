-- The platform's schemas, their owners, and who may look into them. The schemas cron and net come
-- with their extensions; what they grant is in 60_extension_access.sql.
create schema if not exists auth authorization supabase_admin;
create schema if not exists extensions authorization postgres;
create schema if not exists graphql authorization supabase_admin;
create schema if not exists graphql_public authorization supabase_admin;
create schema if not exists pgbouncer authorization pgbouncer;
create schema if not exists realtime authorization supabase_admin;
create schema if not exists storage authorization supabase_admin;
create schema if not exists supabase_functions authorization supabase_admin;
create schema if not exists vault authorization supabase_admin;

grant usage on schema public to anon, authenticated, postgres, service_role;

grant usage on schema auth to anon, authenticated, postgres, service_role;
grant all on schema auth to dashboard_user, supabase_auth_admin;

grant usage on schema extensions to anon, authenticated, service_role;
grant all on schema extensions to dashboard_user;

grant usage on schema graphql, graphql_public to anon, authenticated, service_role;
grant usage on schema graphql, graphql_public to postgres with grant option;

grant usage on schema storage to anon, authenticated, service_role;
grant usage on schema storage to postgres with grant option;
grant all on schema storage to dashboard_user, supabase_storage_admin;

grant usage on schema supabase_functions to anon, authenticated, postgres, service_role;
grant all on schema supabase_functions to supabase_functions_admin;

grant usage on schema realtime to anon, authenticated, postgres, service_role;
grant all on schema realtime to supabase_realtime_admin;

grant usage on schema vault to service_role;
grant usage on schema vault to postgres with grant option;
