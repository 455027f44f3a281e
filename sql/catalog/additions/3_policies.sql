-- Policies on the platform's tables.
select
    pg_catalog.format('policy %%s.%%s.%%s', nsp.nspname, rel.relname, pol.polname) as name,
    pg_catalog.concat(
        pg_catalog.format(
            'create policy %%I on %%I.%%I as %%s for %%s to %%s',
            pol.polname, nsp.nspname, rel.relname,
            case when pol.polpermissive then 'permissive' else 'restrictive' end,
            case pol.polcmd
                when 'r' then 'select'
                when 'a' then 'insert'
                when 'w' then 'update'
                when 'd' then 'delete'
                else 'all'
            end,
            (
                select
                    pg_catalog.string_agg(
                        coalesce(pg_catalog.quote_ident(rol.rolname), 'public'), ', '
                        order by rol.rolname
                    )
                from pg_catalog.unnest(pol.polroles) as listed (role)
                left join pg_catalog.pg_roles as rol on listed.role = rol.oid
            )
        ),
        ' using (' || pg_catalog.pg_get_expr(pol.polqual, pol.polrelid) || ')',
        ' with check (' || pg_catalog.pg_get_expr(pol.polwithcheck, pol.polrelid) || ')',
        case
            when des.description is not null
                then
                    pg_catalog.format(
                        '; comment on policy %%I on %%I.%%I is %%L',
                        pol.polname, nsp.nspname, rel.relname, des.description
                    )
        end
    ) as make,
    pg_catalog.format(
        'drop policy %%I on %%I.%%I', pol.polname, nsp.nspname, rel.relname
    ) as unmake
from pg_catalog.pg_policy as pol
inner join pg_catalog.pg_class as rel on pol.polrelid = rel.oid
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
left join pg_catalog.pg_description as des
    on pol.oid = des.objoid and des.classoid = 'pg_catalog.pg_policy'::regclass
where not rel.relispartition and nsp.nspname = any(%(platform)s::text[])
order by name;
