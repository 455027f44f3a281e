-- Triggers on the platform's tables.
select
    pg_catalog.format('trigger %%s.%%s.%%s', nsp.nspname, rel.relname, trg.tgname) as name,
    pg_catalog.concat_ws(
        '; ',
        pg_catalog.pg_get_triggerdef(trg.oid),
        case
            when trg.tgenabled <> 'O'
                then
                    pg_catalog.format(
                        'alter table %%I.%%I %%s trigger %%I', nsp.nspname, rel.relname,
                        case trg.tgenabled
                            when 'D' then 'disable'
                            when 'R' then 'enable replica'
                            else 'enable always'
                        end,
                        trg.tgname
                    )
        end,
        case
            when des.description is not null
                then
                    pg_catalog.format(
                        'comment on trigger %%I on %%I.%%I is %%L',
                        trg.tgname, nsp.nspname, rel.relname, des.description
                    )
        end
    ) as make,
    pg_catalog.format(
        'drop trigger %%I on %%I.%%I', trg.tgname, nsp.nspname, rel.relname
    ) as unmake
from pg_catalog.pg_trigger as trg
inner join pg_catalog.pg_class as rel on trg.tgrelid = rel.oid
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
left join pg_catalog.pg_description as des
    on trg.oid = des.objoid and des.classoid = 'pg_catalog.pg_trigger'::regclass
where
    not trg.tgisinternal
    and not rel.relispartition
    and nsp.nspname = any(%(platform)s::text[])
order by name;
