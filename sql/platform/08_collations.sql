-- Collations that every Supabase database has and this server's build lacks: those of ICU, and those
-- of the operating system's locale en_US. Names resolve and upper, lower and ilike know all of
-- Unicode; order is that of code points and not of a language, which no build without ICU can do.
do $$
declare
    wanted text;
    options constant text := case
        when pg_catalog.current_setting('server_version_num')::integer >= 180000
        then 'provider = builtin, locale = ''PG_UNICODE_FAST'''
        when pg_catalog.current_setting('server_version_num')::integer >= 170000
        then 'provider = builtin, locale = ''C.UTF-8'''
        else 'provider = libc, locale = ''C.UTF-8'''
    end;
begin
    for wanted in
        select collation_name
        from (
            select language || '-x-icu' as collation_name
            from pg_catalog.regexp_split_to_table(pg_catalog.btrim($list$
                und ar ar-EG ar-SA bg bn ca cs da de de-AT de-CH de-DE el en en-AU en-CA en-GB en-IN
                en-US es es-AR es-CL es-CO es-ES es-MX et eu fa fi fr fr-BE fr-CA fr-CH fr-FR gl he
                hi hr hu id is it it-IT ja ja-JP ko ko-KR lt lv ms nb nl nl-BE nl-NL no pl pl-PL pt
                pt-BR pt-PT ro ru ru-RU sk sl sq sr sv sv-SE sw th tr tr-TR uk ur vi zh zh-Hans
                zh-Hans-CN zh-Hant zh-Hant-TW
            $list$, E' \n'), '\s+') as language
            union all
            select pg_catalog.unnest(array['en_US', 'en_US.utf8'])
        ) as listed
        where not exists (
            select 1
            from pg_catalog.pg_collation as present
            where present.collname = listed.collation_name
        )
        order by collation_name
    loop
        execute pg_catalog.format('create collation pg_catalog.%I (%s)', wanted, options);
        execute pg_catalog.format(
            'comment on collation pg_catalog.%I is %L', wanted,
            'Stand-in: Unicode letters, but sorted by code point (this server is built without ICU)'
        );
    end loop;
end
$$;
