-- Privileges on single columns.
select
    pg_catalog.format(
        'column %%s.%%s.%%s to %%s', nsp.nspname, rel.relname, att.attname,
        case acl.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(acl.grantee) end
    ) as name,
    pg_catalog.jsonb_build_object(
        'privileges', pg_catalog.jsonb_agg(
            acl.privilege_type || case when acl.is_grantable then '*' else '' end
            order by acl.privilege_type
        )
    ) as facts
from pg_catalog.pg_attribute as att
inner join pg_catalog.pg_class as rel on att.attrelid = rel.oid
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
cross join lateral pg_catalog.aclexplode(att.attacl) as acl
where
    not att.attisdropped
    and att.attacl is not null
    and (%(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[]))
    and nsp.nspname <> all(%(excluded)s::text[])
    and nsp.nspname not like 'pg\_t%%'
    and nsp.nspname not in ('pg_catalog', 'information_schema')
    and not exists (
        select 1
        from pg_catalog.pg_inherits as part
        where
            part.inhrelid = rel.oid
            and part.inhparent = pg_catalog.to_regclass('realtime.messages')
    )
    and (
        %(members)s
        or not exists (
            select 1
            from pg_catalog.pg_depend as dep
            where
                dep.classid = 'pg_catalog.pg_class'::regclass
                and dep.objid = rel.oid
                and dep.deptype = 'e'
        )
    )
group by nsp.nspname, rel.relname, att.attname, acl.grantee
order by name;
