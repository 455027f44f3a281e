-- The event trigger for pg_graphql as of mid-2025, which waited for the extension's entry function.
create event trigger issue_pg_graphql_access on ddl_command_end
when tag in ('CREATE FUNCTION')
execute function extensions.grant_pg_graphql_access();
