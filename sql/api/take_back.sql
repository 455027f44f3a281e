-- End the sessions of a local Data API's login, take back its grants and policies in this
-- database, and drop it. The setting prospectr_db.role names it.
do $$
declare
    login constant text := pg_catalog.current_setting('prospectr_db.role');
begin
    perform pg_catalog.pg_terminate_backend(pid, 5000)
    from pg_catalog.pg_stat_activity
    where usename = login;
    execute pg_catalog.format('drop owned by %I', login);
    execute pg_catalog.format('drop role %I', login);
end
$$
