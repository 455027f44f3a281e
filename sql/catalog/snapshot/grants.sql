-- Privileges on schemas, relations, sequences, functions and types, one row for each role. An owner
-- who holds what owners hold by themselves is not worth a row.
with objects as (
    select
        pg_catalog.format('schema %%s', nsp.nspname) as object,
        nsp.nspowner as owner,
        coalesce(nsp.nspacl, pg_catalog.acldefault('n', nsp.nspowner)) as acl,
        pg_catalog.acldefault('n', nsp.nspowner) as usual
    from pg_catalog.pg_namespace as nsp
    where
        (%(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[]))
        and nsp.nspname <> all(%(excluded)s::text[])
        and nsp.nspname not like 'pg\_t%%'
        and nsp.nspname not in ('pg_catalog', 'information_schema')
        and (
            %(members)s
            or not exists (
                select 1
                from pg_catalog.pg_depend as dep
                where
                    dep.classid = 'pg_catalog.pg_namespace'::regclass
                    and dep.objid = nsp.oid
                    and dep.deptype = 'e'
            )
        )
    union all
    select
        pg_catalog.format(
            case rel.relkind when 'S' then 'sequence %%s.%%s' else 'table %%s.%%s' end,
            nsp.nspname, rel.relname
        ),
        rel.relowner,
        coalesce(
            rel.relacl,
            pg_catalog.acldefault(
                case rel.relkind when 'S' then 's' else 'r' end::"char", rel.relowner
            )
        ),
        pg_catalog.acldefault(case rel.relkind when 'S' then 's' else 'r' end::"char", rel.relowner)
    from pg_catalog.pg_class as rel
    inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
    where
        rel.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
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
    union all
    select
        pg_catalog.format(
            'function %%s.%%s(%%s)',
            nsp.nspname, pro.proname, pg_catalog.pg_get_function_identity_arguments(pro.oid)
        ),
        pro.proowner,
        coalesce(pro.proacl, pg_catalog.acldefault('f', pro.proowner)),
        pg_catalog.acldefault('f', pro.proowner)
    from pg_catalog.pg_proc as pro
    inner join pg_catalog.pg_namespace as nsp on pro.pronamespace = nsp.oid
    where
        (%(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[]))
        and nsp.nspname <> all(%(excluded)s::text[])
        and nsp.nspname not like 'pg\_t%%'
        and nsp.nspname not in ('pg_catalog', 'information_schema')
        and (
            %(members)s
            or not exists (
                select 1
                from pg_catalog.pg_depend as dep
                where
                    dep.classid = 'pg_catalog.pg_proc'::regclass
                    and dep.objid = pro.oid
                    and dep.deptype = 'e'
            )
        )
    union all
    select
        pg_catalog.format('type %%s.%%s', nsp.nspname, typ.typname),
        typ.typowner,
        typ.typacl,
        pg_catalog.acldefault('T', typ.typowner)
    from pg_catalog.pg_type as typ
    inner join pg_catalog.pg_namespace as nsp on typ.typnamespace = nsp.oid
    where
        typ.typacl is not null
        and (%(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[]))
        and nsp.nspname <> all(%(excluded)s::text[])
        and nsp.nspname not like 'pg\_t%%'
        and nsp.nspname not in ('pg_catalog', 'information_schema')
        and (
            %(members)s
            or not exists (
                select 1
                from pg_catalog.pg_depend as dep
                where
                    dep.classid = 'pg_catalog.pg_type'::regclass
                    and dep.objid = typ.oid
                    and dep.deptype = 'e'
            )
        )
),

held as (
    select
        objects.object,
        case acl.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(acl.grantee) end
            as grantee,
        acl.grantee = objects.owner as by_owner,
        acl.privilege_type || case when acl.is_grantable then '*' else '' end as privilege,
        (
            select pg_catalog.count(*)
            from pg_catalog.aclexplode(objects.usual) as usual
            where usual.grantee = objects.owner
        ) as usual_count
    from objects
    cross join lateral pg_catalog.aclexplode(objects.acl) as acl
)

select
    pg_catalog.format('%%s to %%s', object, grantee) as name,
    pg_catalog.jsonb_build_object(
        'privileges', pg_catalog.jsonb_agg(distinct privilege order by privilege)
    ) as facts
from held
group by object, grantee, by_owner, usual_count
having not (by_owner and pg_catalog.count(distinct privilege) = usual_count)
order by name;
