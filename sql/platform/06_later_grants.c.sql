-- What Supabase granted after the summer of 2025, mostly to the realtime server.
grant usage on schema auth to supabase_realtime_admin;
grant usage on schema extensions to supabase_realtime_admin;
grant all on schema public to supabase_realtime_admin;
grant usage on schema realtime to postgres with grant option;
grant all on schema realtime to supabase_realtime_admin with grant option;

grant execute on function pg_catalog.pg_reload_conf() to postgres;
