-- The state of a cluster that no database holds: roles, their settings, memberships, parameters.
with roles as (
    select jsonb_agg(
        jsonb_build_object(
            'name', r.rolname,
            'super', r.rolsuper,
            'inherit', r.rolinherit,
            'createrole', r.rolcreaterole,
            'createdb', r.rolcreatedb,
            'login', r.rolcanlogin,
            'replication', r.rolreplication,
            'bypassrls', r.rolbypassrls,
            'connlimit', r.rolconnlimit,
            -- The login that we hand out has a password of our own making.
            'password', case when r.rolname <> 'postgres' then r.rolpassword end,
            'valid_until', coalesce(r.rolvaliduntil, 'infinity'),
            'comment', shobj_description(r.oid, 'pg_authid'),
            'settings', coalesce(
                (
                    select jsonb_agg(c.setting order by c.setting)
                    from pg_catalog.pg_db_role_setting as s
                    cross join lateral unnest(s.setconfig) as c (setting)
                    where s.setrole = r.oid and s.setdatabase = 0
                ),
                '[]'::jsonb
            )
        )
        order by r.rolname
    ) as list
    from pg_catalog.pg_authid as r
    where
        (r.oid >= 16384 or r.rolname = 'supabase_admin')
        -- A local Data API's login comes and goes, and is nobody's state.
        and r.rolname not like 'prospectr\_api\_%'
),

memberships as (
    select jsonb_agg(
        jsonb_build_object(
            'role', g.rolname,
            'member', m.rolname,
            'grantor', b.rolname,
            'admin', a.admin_option,
            'inherit', a.inherit_option,
            'set', a.set_option
        )
        order by g.rolname, m.rolname, b.rolname
    ) as list
    from pg_catalog.pg_auth_members as a
    inner join pg_catalog.pg_roles as g on a.roleid = g.oid
    inner join pg_catalog.pg_roles as m on a.member = m.oid
    inner join pg_catalog.pg_roles as b on a.grantor = b.oid
    where m.oid >= 16384 and m.rolname not like 'prospectr\_api\_%'
),

parameters as (
    select jsonb_agg(
        jsonb_build_object(
            'parameter', p.parname,
            'role', case x.grantee when 0 then 'public' else x.grantee::regrole::text end,
            'privilege', x.privilege_type
        )
        order by p.parname, x.grantee, x.privilege_type
    ) as list
    from pg_catalog.pg_parameter_acl as p
    cross join lateral pg_catalog.aclexplode(p.paracl) as x
)

select jsonb_build_object(
    'roles', coalesce(roles.list, '[]'::jsonb),
    'memberships', coalesce(memberships.list, '[]'::jsonb),
    'parameters', coalesce(parameters.list, '[]'::jsonb)
)
from roles
cross join memberships
cross join parameters
