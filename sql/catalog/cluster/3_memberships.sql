-- Which roles are members of which, except for Supabase's own logins. Before PostgreSQL 16 a
-- membership is inherited where its member inherits, and always allows SET ROLE.
with memberships as (
    select
        grp.rolname as role,
        member.rolname as member,
        pg_catalog.bool_or(mem.admin_option) as is_admin,
        pg_catalog.bool_or(
            coalesce(
                (pg_catalog.to_jsonb(mem.*) ->> 'inherit_option')::boolean, member.rolinherit
            )
        ) as inherits,
        pg_catalog.bool_or(
            coalesce((pg_catalog.to_jsonb(mem.*) ->> 'set_option')::boolean, true)
        ) as may_set,
        pg_catalog.string_agg(
            pg_catalog.format(
                'revoke %%I from %%I granted by %%I', grp.rolname, member.rolname, grantor.rolname
            ),
            '; '
            order by grantor.rolname
        ) as unmake
    from pg_catalog.pg_auth_members as mem
    inner join pg_catalog.pg_roles as grp on mem.roleid = grp.oid
    inner join pg_catalog.pg_roles as member on mem.member = member.oid
    left join pg_catalog.pg_roles as grantor on mem.grantor = grantor.oid
    where
        member.rolname not like 'pg\_%%'
        and member.rolname not like 'supabase\_%%'
        and member.rolname not in ('postgres', 'dashboard_user', 'pgbouncer')
    group by grp.rolname, member.rolname
)

select
    pg_catalog.format('%%s member of %%s', member, role) as name,
    pg_catalog.format(
        'grant %%I to %%I with admin %%s, inherit %%s, set %%s',
        role, member, is_admin::text, inherits::text, may_set::text
    ) as make,
    unmake
from memberships
order by name;
