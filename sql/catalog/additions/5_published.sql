-- The platform's tables in publications.
select
    pg_catalog.format('%%s of %%s.%%s', pub.pubname, nsp.nspname, rel.relname) as name,
    pg_catalog.concat(
        pg_catalog.format(
            'alter publication %%I add table %%I.%%I', pub.pubname, nsp.nspname, rel.relname
        ),
        (
            select
                ' (' || pg_catalog.string_agg(
                    pg_catalog.quote_ident(att.attname), ', '
                    order by att.attnum
                ) || ')'
            from pg_catalog.pg_attribute as att
            where att.attrelid = rel.oid and att.attnum = any(listed.prattrs::smallint[])
        ),
        ' where (' || pg_catalog.pg_get_expr(listed.prqual, listed.prrelid) || ')'
    ) as make,
    pg_catalog.format(
        'alter publication %%I drop table %%I.%%I', pub.pubname, nsp.nspname, rel.relname
    ) as unmake
from pg_catalog.pg_publication_rel as listed
inner join pg_catalog.pg_publication as pub on listed.prpubid = pub.oid
inner join pg_catalog.pg_class as rel on listed.prrelid = rel.oid
inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
where nsp.nspname = any(%(platform)s::text[])
order by name;
