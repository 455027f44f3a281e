-- The event trigger for pg_graphql as of autumn 2026; the functions that it and its kin call no
-- longer look names up by the caller's search_path.
create event trigger issue_pg_graphql_access on ddl_command_end
when tag in ('CREATE EXTENSION')
execute function extensions.grant_pg_graphql_access();

alter function extensions.pgrst_ddl_watch() set search_path to '';
alter function extensions.pgrst_drop_watch() set search_path to '';
alter function extensions.grant_pg_cron_access() set search_path to '';
alter function extensions.grant_pg_net_access() set search_path to '';
alter function extensions.grant_pg_graphql_access() set search_path to '';
alter function extensions.set_graphql_placeholder() set search_path to '';
