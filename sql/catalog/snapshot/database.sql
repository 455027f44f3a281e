-- The database itself: owner, settings, and who may connect to it or create schemas in it. Its name
-- is not part of it: copies of one database have different names.
select
    'database' as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'owner', pg_catalog.pg_get_userbyid(dat.datdba),
            'settings', (
                select pg_catalog.jsonb_agg(setting.value order by setting.value)
                from pg_catalog.pg_db_role_setting as kept
                cross join lateral pg_catalog.unnest(kept.setconfig) as setting (value)
                where kept.setdatabase = dat.oid and kept.setrole = 0
            ),
            'grants', (
                select pg_catalog.jsonb_object_agg(held.grantee, held.privileges)
                from (
                    select
                        case acl.grantee
                            when 0 then 'public' else pg_catalog.pg_get_userbyid(acl.grantee)
                        end as grantee,
                        pg_catalog.jsonb_agg(
                            acl.privilege_type || case when acl.is_grantable then '*' else '' end
                            order by acl.privilege_type
                        ) as privileges
                    from
                        pg_catalog.aclexplode(
                            coalesce(dat.datacl, pg_catalog.acldefault('d', dat.datdba))
                        ) as acl
                    where acl.grantee <> dat.datdba
                    group by acl.grantee
                ) as held
            )
        )
    ) as facts
from pg_catalog.pg_database as dat
where dat.datname = pg_catalog.current_database();
