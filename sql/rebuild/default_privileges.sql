-- The statements that take back what new objects are given by themselves outside the platform's
-- schemas.
select
    pg_catalog.format(
        'alter default privileges for role %%I in schema %%I revoke all on %%s from %%s',
        pg_catalog.pg_get_userbyid(def.defaclrole),
        nsp.nspname,
        case def.defaclobjtype
            when 'r' then 'tables'
            when 'S' then 'sequences'
            when 'f' then 'functions'
            else 'types'
        end,
        case acl.grantee
            when 0 then 'public'
            else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(acl.grantee))
        end
    ) as statement
from pg_catalog.pg_default_acl as def
inner join pg_catalog.pg_namespace as nsp on def.defaclnamespace = nsp.oid
cross join lateral pg_catalog.aclexplode(def.defaclacl) as acl
where nsp.nspname <> all(%(platform)s::text[])
group by def.defaclrole, nsp.nspname, def.defaclobjtype, acl.grantee
order by statement;
