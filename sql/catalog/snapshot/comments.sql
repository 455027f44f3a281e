-- Comments on whatever else a snapshot tells of.
select
    pg_catalog.format('%%s %%s', target.type, target.identity) as name,
    pg_catalog.jsonb_build_object('text', des.description) as facts
from pg_catalog.pg_description as des
cross join lateral pg_catalog.pg_identify_object(des.classoid, des.objoid, des.objsubid) as target
left join pg_catalog.pg_class as rel
    on des.classoid = 'pg_catalog.pg_class'::regclass and des.objoid = rel.oid
left join pg_catalog.pg_policy as pol
    on des.classoid = 'pg_catalog.pg_policy'::regclass and des.objoid = pol.oid
left join pg_catalog.pg_trigger as trg
    on des.classoid = 'pg_catalog.pg_trigger'::regclass and des.objoid = trg.oid
left join pg_catalog.pg_constraint as con
    on des.classoid = 'pg_catalog.pg_constraint'::regclass and des.objoid = con.oid
left join pg_catalog.pg_class as host
    on coalesce(pol.polrelid, trg.tgrelid, con.conrelid) = host.oid
left join pg_catalog.pg_namespace as nsp
    on
        host.relnamespace = nsp.oid
        or target.schema = nsp.nspname
        or (des.classoid = 'pg_catalog.pg_namespace'::regclass and des.objoid = nsp.oid)
where
    des.objoid >= 16384
    and des.classoid <> 'pg_catalog.pg_extension'::regclass
    and (nsp.nspname is not null or %(schemas)s::text[] is null)
    and (nsp.nspname is null or (
        (%(schemas)s::text[] is null or nsp.nspname = any(%(schemas)s::text[]))
        and nsp.nspname <> all(%(excluded)s::text[])
        and nsp.nspname not like 'pg\_t%%'
        and nsp.nspname not in ('pg_catalog', 'information_schema')
    ))
    and not (target.type = 'event trigger' and target.identity like 'supautils%%')
    and (
        %(members)s
        or not exists (
            select 1
            from pg_catalog.pg_depend as dep
            where
                dep.classid = des.classoid
                and dep.objid = des.objoid
                and dep.deptype = 'e'
        )
    )
order by name;
