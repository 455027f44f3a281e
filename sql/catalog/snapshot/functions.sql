-- Functions, procedures and aggregates: everything that decides what a call does and as whom.
-- Bodies are compared without line-end differences and outer white space.
select
    pg_catalog.format(
        '%%s.%%s(%%s)',
        nsp.nspname, pro.proname, pg_catalog.pg_get_function_identity_arguments(pro.oid)
    ) as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'kind', case pro.prokind
                when 'p' then 'procedure'
                when 'a' then 'aggregate'
                when 'w' then 'window function'
                else 'function'
            end,
            'arguments', pg_catalog.pg_get_function_arguments(pro.oid),
            'result', pg_catalog.pg_get_function_result(pro.oid),
            'language', lan.lanname,
            'owner', pg_catalog.pg_get_userbyid(pro.proowner),
            'volatility', case pro.provolatile
                when 'i' then 'immutable'
                when 's' then 'stable'
                else 'volatile'
            end,
            'security_definer', pro.prosecdef,
            'strict', nullif(pro.proisstrict, false),
            'leakproof', nullif(pro.proleakproof, false),
            'parallel', case pro.proparallel when 's' then 'safe' when 'r' then 'restricted' end,
            'settings', pro.proconfig,
            'body', pg_catalog.btrim(
                coalesce(
                    pg_catalog.pg_get_function_sqlbody(pro.oid),
                    pg_catalog.replace(pro.prosrc, E'\r\n', E'\n')
                ),
                E' \n\t'
            )
        )
    ) as facts
from pg_catalog.pg_proc as pro
inner join pg_catalog.pg_namespace as nsp on pro.pronamespace = nsp.oid
inner join pg_catalog.pg_language as lan on pro.prolang = lan.oid
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
order by name;
