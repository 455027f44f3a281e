-- Publications and the tables they send; of a schema only where all of it is published.
select
    pub.pubname as name,
    pg_catalog.jsonb_strip_nulls(
        pg_catalog.jsonb_build_object(
            'owner', pg_catalog.pg_get_userbyid(pub.pubowner),
            'all_tables', pub.puballtables,
            'operations', pg_catalog.concat_ws(
                ',',
                case when pub.pubinsert then 'insert' end,
                case when pub.pubupdate then 'update' end,
                case when pub.pubdelete then 'delete' end,
                case when pub.pubtruncate then 'truncate' end
            ),
            'via_root', nullif(pub.pubviaroot, false),
            'tables', (
                select
                    pg_catalog.jsonb_object_agg(
                        listed.prrelid::regclass::text,
                        pg_catalog.jsonb_strip_nulls(
                            pg_catalog.jsonb_build_object(
                                'where', pg_catalog.pg_get_expr(listed.prqual, listed.prrelid),
                                'columns', (
                                    select pg_catalog.jsonb_agg(att.attname order by att.attname)
                                    from pg_catalog.pg_attribute as att
                                    where
                                        att.attrelid = listed.prrelid
                                        and att.attnum = any(listed.prattrs::smallint[])
                                )
                            )
                        )
                    )
                from pg_catalog.pg_publication_rel as listed
                where listed.prpubid = pub.oid
            ),
            'schemas', (
                select pg_catalog.jsonb_agg(nsp.nspname order by nsp.nspname)
                from pg_catalog.pg_publication_namespace as listed
                inner join pg_catalog.pg_namespace as nsp on listed.pnnspid = nsp.oid
                where listed.pnpubid = pub.oid
            )
        )
    ) as facts
from pg_catalog.pg_publication as pub
order by name;
