-- What is granted by itself on objects that a role creates later.
select
    pg_catalog.format(
        '%%s creates %%s in %%s to %%s',
        pg_catalog.pg_get_userbyid(def.defaclrole),
        case def.defaclobjtype
            when 'r' then 'tables'
            when 'S' then 'sequences'
            when 'f' then 'functions'
            when 'T' then 'types'
            when 'n' then 'schemas'
            else 'large objects'
        end,
        coalesce(nsp.nspname, '(any schema)'),
        case acl.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(acl.grantee) end
    ) as name,
    pg_catalog.jsonb_build_object(
        'privileges', pg_catalog.jsonb_agg(
            acl.privilege_type || case when acl.is_grantable then '*' else '' end
            order by acl.privilege_type
        )
    ) as facts
from pg_catalog.pg_default_acl as def
left join pg_catalog.pg_namespace as nsp on def.defaclnamespace = nsp.oid
cross join lateral pg_catalog.aclexplode(def.defaclacl) as acl
where
    %(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[])
group by def.defaclrole, def.defaclobjtype, nsp.nspname, acl.grantee
order by name;
