-- What a new table, sequence or function is given to each role without anybody saying so.
select
    n.nspname as schema,
    d.defaclobjtype::text as kind,
    d.defaclrole::regrole::text as creator,
    coalesce(r.rolname, 'public') as role,
    pg_catalog.string_agg(
        case x.privilege_type
            when 'SELECT' then 'r'
            when 'INSERT' then 'a'
            when 'UPDATE' then 'w'
            when 'DELETE' then 'd'
            when 'TRUNCATE' then 'D'
            when 'REFERENCES' then 'x'
            when 'TRIGGER' then 't'
            when 'MAINTAIN' then 'm'
            when 'USAGE' then 'U'
            when 'EXECUTE' then 'X'
        end, ''
        order by x.privilege_type
    ) as privileges
from pg_catalog.pg_default_acl as d
left join pg_catalog.pg_namespace as n on d.defaclnamespace = n.oid
cross join pg_catalog.aclexplode(d.defaclacl) as x
left join pg_catalog.pg_roles as r on x.grantee = r.oid
where (r.rolname is null or r.rolname = any(%(roles)s)) and (n.nspname is null or n.nspname <> all(%(platform)s))
group by n.nspname, d.defaclobjtype, d.defaclrole, r.rolname
order by 1, 2, 3, 4
