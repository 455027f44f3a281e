-- Roles beside the API's own that authenticator may become, so that a token can name them.
with known as (
    select pg_catalog.current_setting('server_version_num')::integer >= 160000 as set_option
)

select r.rolname as role
from pg_catalog.pg_roles as r
inner join pg_catalog.pg_roles as a on a.rolname = 'authenticator'
cross join known as k
where
    r.oid <> a.oid
    and r.rolname not in ('anon', 'authenticated', 'service_role')
    and not a.rolsuper
    and case
        when k.set_option then pg_catalog.pg_has_role(a.oid, r.oid, 'set')
        else pg_catalog.pg_has_role(a.oid, r.oid, 'member')
    end
order by r.rolname
