-- The realtime server evaluates policies itself and calls these by its own right.
set local role supabase_auth_admin;

grant execute on function auth.uid(), auth.role(), auth.email() to supabase_realtime_admin;

reset role;
