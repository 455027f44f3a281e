-- Functions outside the platform: arguments, definer, source, and which roles may call them.
select
    p.oid::bigint as oid,
    n.nspname as schema,
    p.proname as name,
    pg_catalog.pg_get_function_identity_arguments(p.oid) as signature,
    p.prokind::text as kind,
    coalesce(p.proargnames, '{}') as argument_names,
    (
        select coalesce(pg_catalog.array_agg(pg_catalog.format_type(u.type, null) order by u.place), '{}')
        from pg_catalog.unnest(p.proargtypes::oid []) with ordinality as u (type, place)
    ) as argument_types,
    coalesce(p.proargmodes::text [], '{}') as argument_modes,
    p.pronargdefaults::integer as defaults,
    p.provariadic <> 0 as variadic,
    pg_catalog.pg_get_function_result(p.oid) as returns,
    p.proretset as returns_set,
    pg_catalog.format_type(p.prorettype, null) as return_type,
    p.prosecdef as definer,
    p.provolatile::text as volatility,
    l.lanname as language,
    p.proowner::regrole::text as owner,
    coalesce(p.proconfig, '{}') as settings,
    case when l.lanname in ('c', 'internal') then '' else p.prosrc end as source,
    case
        when p.prosqlbody is not null then pg_catalog.pg_get_function_sqlbody(p.oid)
    end as sql_body,
    coalesce(
        (
            select pg_catalog.array_agg(r.rolname order by r.rolname)
            from pg_catalog.pg_roles as r
            where
                r.rolname = any(%(roles)s)
                and pg_catalog.has_function_privilege(r.oid, p.oid, 'execute')
        ), '{}'
    ) as callable_by
from pg_catalog.pg_proc as p
inner join pg_catalog.pg_namespace as n on p.pronamespace = n.oid
inner join pg_catalog.pg_language as l on p.prolang = l.oid
where
    n.nspname <> all(%(platform)s)
    and n.nspname not like 'pg\_%%'
    and p.prokind in ('f', 'p')
    and not exists (
        select 1
        from pg_catalog.pg_depend as d
        where
            d.classid = 'pg_catalog.pg_proc'::regclass
            and d.objid = p.oid
            -- An extension's, or a type's own such as the constructors of a range.
            and d.deptype in ('e', 'i')
    )
order by n.nspname, p.proname, signature
