-- How the connection pooler looks up a password hash.
create or replace function pgbouncer.get_auth(p_usename text)
returns table (username text, password text)
language plpgsql security definer  -- only a superuser reads password hashes
set search_path to ''
as $$
begin
    return query
    select
        usename::text,
        case when valuntil is null or valuntil >= pg_catalog.now() then passwd end
    from pg_catalog.pg_shadow
    where usename = p_usename;
end
$$;
revoke execute on function pgbouncer.get_auth(text) from public;
grant execute on function pgbouncer.get_auth(text) to pgbouncer;
