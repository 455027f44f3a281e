-- Roles of the cluster: attributes, settings and memberships. PostgreSQL's own are left out.
select
    rol.rolname as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'attributes', pg_catalog.concat_ws(
                ' ',
                case when rol.rolsuper then 'super' end,
                case when rol.rolinherit then 'inherit' else 'noinherit' end,
                case when rol.rolcreaterole then 'createrole' end,
                case when rol.rolcreatedb then 'createdb' end,
                case when rol.rolcanlogin then 'login' end,
                case when rol.rolreplication then 'replication' end,
                case when rol.rolbypassrls then 'bypassrls' end
            ),
            'settings', (
                select pg_catalog.jsonb_agg(setting.value order by setting.value)
                from pg_catalog.pg_db_role_setting as kept
                cross join lateral pg_catalog.unnest(kept.setconfig) as setting (value)
                where kept.setrole = rol.oid and kept.setdatabase = 0
            ),
            'member_of', (
                select
                    pg_catalog.jsonb_agg(
                        distinct grp.rolname || case when mem.admin_option then '*' else '' end
                        order by grp.rolname || case when mem.admin_option then '*' else '' end
                    )
                from pg_catalog.pg_auth_members as mem
                inner join pg_catalog.pg_roles as grp on mem.roleid = grp.oid
                where mem.member = rol.oid
            )
        )
    ) as facts
from pg_catalog.pg_roles as rol
where rol.rolname not like 'pg\_%%'
order by name;
