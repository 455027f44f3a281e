-- The extensions that every project finds installed, as far as the server has them. postgres
-- creates them, so that it may also drop them; their objects belong to the superuser that trusted
-- scripts run as.
do $$
declare
    wanted record;
begin
    for wanted in
        select
            extension.name,
            extension.namespace,
            control.trusted,
            wanted_version.version
        from (
            -- Versions are those of the era, where their functions differ from the newest ones'.
            values
            (1, 'uuid-ossp', 'extensions', null, null, null),
            (2, 'pgcrypto', 'extensions', null, null, null),
            (3, 'pgjwt', 'extensions', 's', null, null),
            (4, 'pg_stat_statements', 'extensions', null, '1.10', '1.11'),
            (5, 'supabase_vault', 'vault', null, null, null),
            (6, 'pg_graphql', 'graphql', 's', null, null),
            (7, 'pg_net', 'extensions', null, '0.14.0', null),
            (8, 'pg_cron', 'pg_catalog', null, null, null)
        ) as extension (place, name, namespace, profile, version_s, version_c)
        inner join pg_catalog.pg_available_extensions as available
            on extension.name = available.name
        inner join pg_catalog.pg_available_extension_versions as control
            on available.name = control.name and available.default_version = control.version
        left join pg_catalog.pg_available_extension_versions as wanted_version
            on
                extension.name = wanted_version.name
                and wanted_version.version = case pg_catalog.current_setting('platform.profile')
                    when 's' then extension.version_s
                    else extension.version_c
                end
        where
            available.installed_version is null
            and (profile is null or profile = pg_catalog.current_setting('platform.profile'))
        order by extension.place
    loop
        if wanted.trusted then
            set local role postgres;
        end if;
        execute pg_catalog.format(
            'create extension %I with schema %I%s', wanted.name, wanted.namespace,
            ' version ' || pg_catalog.quote_literal(wanted.version)
        );
        reset role;
    end loop;
end
$$;

-- pg_stat_statements belongs to postgres altogether, its view included.
do $$
declare
    member record;
begin
    update pg_catalog.pg_extension
    set extowner = 'postgres'::regrole
    where extname = 'pg_stat_statements';
    for member in
        select dep.classid, dep.objid
        from pg_catalog.pg_extension as ext
        inner join pg_catalog.pg_depend as dep on ext.oid = dep.refobjid
        where
            ext.extname = 'pg_stat_statements'
            and dep.refclassid = 'pg_catalog.pg_extension'::regclass
            and dep.deptype = 'e'
        order by dep.classid, dep.objid
    loop
        if member.classid = 'pg_catalog.pg_proc'::regclass then
            execute pg_catalog.format(
                'alter function %s owner to postgres', member.objid::regprocedure
            );
        elsif member.classid = 'pg_catalog.pg_class'::regclass then
            execute pg_catalog.format('alter view %s owner to postgres', member.objid::regclass);
        end if;
    end loop;
end
$$;
