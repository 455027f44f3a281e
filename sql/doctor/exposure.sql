-- Which API roles get which privileges by themselves on tables that postgres creates in public,
-- with whether that lets them at rows. Under the default of 2026 none does.
select
    pg_catalog.pg_get_userbyid(acl.grantee)::text as role,
    pg_catalog.array_agg(acl.privilege_type::text order by acl.privilege_type) as privileges
from pg_catalog.pg_default_acl as def
inner join pg_catalog.pg_namespace as nsp on def.defaclnamespace = nsp.oid
cross join lateral pg_catalog.aclexplode(def.defaclacl) as acl
where
    nsp.nspname = 'public'
    and def.defaclobjtype = 'r'
    and def.defaclrole = pg_catalog.to_regrole('postgres')
    and acl.grantee in (
        select oid
        from pg_catalog.pg_roles
        where rolname in ('anon', 'authenticated', 'service_role')
    )
    and acl.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
group by acl.grantee
order by role
