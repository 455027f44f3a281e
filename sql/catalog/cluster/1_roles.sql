-- The roles of a cluster, each with the statement that makes it; never a password. PostgreSQL's own
-- are left out, and so is the one that PostgreSQL was installed as.
select
    rol.rolname as name,
    pg_catalog.format('create role %%I', rol.rolname) as make,
    null::text as unmake
from pg_catalog.pg_roles as rol
where rol.rolname not like 'pg\_%%' and rol.oid >= 16384
order by name;
