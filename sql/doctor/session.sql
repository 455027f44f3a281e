-- Who we are on this server, what it is, and what of it changes how statements behave. Nothing is
-- written.
select
    session_user::text as login,
    current_user::text as role,
    rol.rolsuper as superuser,
    rol.rolbypassrls as bypassrls,
    rol.rolcreaterole as createrole,
    pg_catalog.current_setting('server_version') as version,
    pg_catalog.current_setting('server_version_num')::integer as version_number,
    pg_catalog.current_setting('transaction_read_only')::boolean as read_only,
    pg_catalog.pg_is_in_recovery() as standby,
    pg_catalog.pg_get_userbyid(dat.datdba)::text as database_owner,
    pg_catalog.pg_encoding_to_char(dat.encoding)::text as encoding,
    exists (
        select 1
        from pg_catalog.pg_roles
        where rolname in ('anon', 'authenticated', 'service_role')
        having count(*) = 3
    ) as has_api_roles,
    pg_catalog.to_regclass('auth.users') is not null as has_auth,
    pg_catalog.to_regrole('postgres') is not null
    and pg_catalog.pg_has_role('postgres', 'usage') as acts_as_postgres
from pg_catalog.pg_roles as rol
inner join pg_catalog.pg_database as dat on dat.datname = pg_catalog.current_database()
where rol.rolname = current_user
