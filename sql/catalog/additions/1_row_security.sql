-- Whether row level security binds on the platform's tables.
select
    pg_catalog.format('row security of %%s.%%s', nsp.nspname, rel.relname) as name,
    pg_catalog.format(
        'alter table %%I.%%I %%s row level security, %%s row level security',
        nsp.nspname, rel.relname,
        case when rel.relrowsecurity then 'enable' else 'disable' end,
        case when rel.relforcerowsecurity then 'force' else 'no force' end
    ) as make,
    null::text as unmake
from pg_catalog.pg_class as rel
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
where
    rel.relkind in ('r', 'p')
    and not rel.relispartition
    and nsp.nspname = any(%(platform)s::text[])
order by name;
