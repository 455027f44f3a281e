-- Who but Supabase's own logins holds what on the platform's schemas, relations, columns and
-- functions, and on the schema public, which every database has. MAINTAIN is left out: servers
-- before 17 do not know it, and on the platform's tables nobody can give it away. The functions
-- that come with a range type are here too, whoever holds them: pg_dump does not tell of them.
with objects as (
    select
        pg_catalog.format('schema %%I', nsp.nspname) as object,
        '' as columns,
        nsp.nspowner as owner,
        nsp.nspname <> 'public' as is_platform,
        coalesce(nsp.nspacl, pg_catalog.acldefault('n', nsp.nspowner)) as acl
    from pg_catalog.pg_namespace as nsp
    where nsp.nspname = any(%(platform)s::text[]) or nsp.nspname = 'public'
    union all
    select
        pg_catalog.format(
            '%%s %%I.%%I', case rel.relkind when 'S' then 'sequence' else 'table' end,
            nsp.nspname, rel.relname
        ),
        '',
        rel.relowner,
        true,
        coalesce(
            rel.relacl,
            pg_catalog.acldefault(
                case rel.relkind when 'S' then 's' else 'r' end::"char", rel.relowner
            )
        )
    from pg_catalog.pg_class as rel
    inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
    where
        rel.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
        and not rel.relispartition
        and nsp.nspname = any(%(platform)s::text[])
    union all
    select
        pg_catalog.format('table %%I.%%I', nsp.nspname, rel.relname),
        pg_catalog.format(' (%%I)', att.attname),
        rel.relowner,
        true,
        att.attacl
    from pg_catalog.pg_attribute as att
    inner join pg_catalog.pg_class as rel on att.attrelid = rel.oid
    inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
    where
        att.attacl is not null
        and not att.attisdropped
        and not rel.relispartition
        and nsp.nspname = any(%(platform)s::text[])
    union all
    select
        pg_catalog.format(
            'routine %%I.%%I(%%s)', nsp.nspname, pro.proname,
            -- Without the names of its arguments: versions of an extension differ in them.
            pg_catalog.oidvectortypes(pro.proargtypes)
        ),
        '',
        pro.proowner,
        nsp.nspname = any(%(platform)s::text[]),
        coalesce(pro.proacl, pg_catalog.acldefault('f', pro.proowner))
    from pg_catalog.pg_proc as pro
    inner join pg_catalog.pg_namespace as nsp on pro.pronamespace = nsp.oid
    where
        nsp.nspname = any(%(platform)s::text[])
        or exists (
            select 1
            from pg_catalog.pg_depend as dep
            where
                dep.classid = 'pg_catalog.pg_proc'::regclass
                and dep.objid = pro.oid
                and dep.refclassid = 'pg_catalog.pg_type'::regclass
                and dep.deptype = 'i'
        )
),

given as (
    select
        objects.*,
        acl.*,
        pg_catalog.pg_get_userbyid(acl.grantee) as login,
        case acl.grantee
            when 0 then 'public'
            else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(acl.grantee))
        end as holder
    from objects
    cross join lateral pg_catalog.aclexplode(objects.acl) as acl
    where acl.grantee <> objects.owner and acl.privilege_type <> 'MAINTAIN'
),

held as (
    select
        object,
        columns,
        holder,
        privilege_type as privilege,
        pg_catalog.bool_or(is_grantable) as is_grantable,
        pg_catalog.string_agg(
            pg_catalog.format(
                -- PostgreSQL takes back what the current role gave.
                case
                    when grantor = owner then '%%2$s' else 'set local role %%1$I; %%2$s; reset role'
                end,
                pg_catalog.pg_get_userbyid(grantor),
                pg_catalog.format(
                    'revoke %%s%%s on %%s from %%s cascade', privilege_type, columns, object, holder
                )
            ),
            '; '
            order by grantor
        ) as unmake
    from given
    where
        not is_platform
        or (
            login not like 'supabase\_%%'
            and login not like 'pg\_%%'
            and login not in ('postgres', 'dashboard_user', 'pgbouncer')
        )
    group by object, columns, privilege_type, holder
)

select
    pg_catalog.format('%%s%%s on %%s to %%s', privilege, columns, object, holder) as name,
    pg_catalog.format(
        'grant %%s%%s on %%s to %%s%%s', privilege, columns, object, holder,
        case when is_grantable then ' with grant option' else '' end
    ) as make,
    unmake
from held
order by name;
