-- Event triggers, without those of the extensions and of the embedded server's stand-in for
-- supautils.
select
    evt.evtname as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'event', evt.evtevent,
            'tags', evt.evttags,
            'function', pg_catalog.format('%%s.%%s', nsp.nspname, pro.proname),
            'owner', pg_catalog.pg_get_userbyid(evt.evtowner),
            'enabled', case evt.evtenabled
                when 'O' then 'yes'
                when 'D' then 'no'
                when 'R' then 'replica'
                else 'always'
            end
        )
    ) as facts
from pg_catalog.pg_event_trigger as evt
inner join pg_catalog.pg_proc as pro on evt.evtfoid = pro.oid
inner join pg_catalog.pg_namespace as nsp on pro.pronamespace = nsp.oid
where
    nsp.nspname <> 'pg_catalog'
    and (
        %(members)s
        or not exists (
            select 1
            from pg_catalog.pg_depend as dep
            where
                dep.classid = 'pg_catalog.pg_event_trigger'::regclass
                and dep.objid = evt.oid
                and dep.deptype = 'e'
        )
    )
order by name;
