-- What Realtime listens to: empty until a project adds its tables.
create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;
