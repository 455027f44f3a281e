-- Takes back, on a database that cannot simply be dropped, what a project's migrations and seeds
-- made: its schemas, its objects in public, its policies and triggers on platform tables, its
-- publications, extensions, cron jobs and auth users. Runs as postgres, in one transaction.
-- Roles, default privileges, vault secrets and buckets that hold objects are left.
do $$
declare
    platform_schemas constant text [] := array[
        'auth', 'cron', 'extensions', 'graphql', 'graphql_public', 'information_schema', 'net',
        'pgbouncer', 'pgsodium', 'pgsodium_masks', 'pgtle', 'public', 'realtime', 'storage',
        'supabase_functions', 'supabase_migrations', 'vault', '_realtime', '_analytics',
        'repack', 'tiger', 'tiger_data', 'topology', '_supavisor'
    ];
    platform_extensions constant text [] := array[
        'plpgsql', 'pg_cron', 'pg_graphql', 'pg_net', 'pg_stat_statements', 'pgcrypto', 'pgjwt',
        'pgsodium', 'supabase_vault', 'uuid-ossp'
    ];
    found record;
begin
    -- Event triggers first: they would watch the rest.
    for found in
        select e.evtname
        from pg_catalog.pg_event_trigger as e
        where pg_catalog.pg_has_role(e.evtowner, 'usage')
        order by e.evtname
    loop
        execute pg_catalog.format('drop event trigger %I', found.evtname);
    end loop;

    for found in
        select p.pubname
        from pg_catalog.pg_publication as p
        where p.pubname <> 'supabase_realtime' and pg_catalog.pg_has_role(p.pubowner, 'usage')
        order by p.pubname
    loop
        execute pg_catalog.format('drop publication %I', found.pubname);
    end loop;

    for found in
        select p.schemaname, p.tablename, p.policyname
        from pg_catalog.pg_policies as p
        where p.schemaname in ('auth', 'realtime', 'storage')
        order by p.schemaname, p.tablename, p.policyname
    loop
        execute pg_catalog.format(
            'drop policy %I on %I.%I', found.policyname, found.schemaname, found.tablename
        );
    end loop;

    for found in
        select n.nspname
        from pg_catalog.pg_namespace as n
        where
            n.nspname !~ '^pg_'
            and n.nspname <> all(platform_schemas)
            and pg_catalog.pg_has_role(n.nspowner, 'usage')
            and not exists (
                select 1
                from pg_catalog.pg_depend as d
                where
                    d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                    and d.objid = n.oid
                    and d.deptype = 'e'
            )
        order by n.nspname
    loop
        execute pg_catalog.format('drop schema %I cascade', found.nspname);
    end loop;

    for found in
        select e.extname
        from pg_catalog.pg_extension as e
        where e.extname <> all(platform_extensions)
        order by e.extname
    loop
        execute pg_catalog.format('drop extension if exists %I cascade', found.extname);
    end loop;

    -- Cascades reach whatever hangs on these: triggers on auth.users, foreign keys, views.
    for found in
        select
            c.relkind,
            c.oid::pg_catalog.regclass::text as name
        from pg_catalog.pg_class as c
        where
            c.relnamespace = 'public'::pg_catalog.regnamespace
            and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c')
            and not exists (
                select 1
                from pg_catalog.pg_depend as d
                where
                    d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                    and d.objid = c.oid
                    and d.deptype in ('e', 'i', 'a')
            )
        order by c.relname
    loop
        execute pg_catalog.format(
            'drop %s if exists %s cascade',
            case found.relkind
                when 'v' then 'view'
                when 'm' then 'materialized view'
                when 'f' then 'foreign table'
                when 'S' then 'sequence'
                when 'c' then 'type'
                else 'table'
            end,
            found.name
        );
    end loop;

    for found in
        select
            p.oid::pg_catalog.regprocedure::text as name,
            p.prokind
        from pg_catalog.pg_proc as p
        where
            p.pronamespace = 'public'::pg_catalog.regnamespace
            and not exists (
                select 1
                from pg_catalog.pg_depend as d
                where
                    d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                    and d.objid = p.oid
                    and d.deptype in ('e', 'i')
            )
        order by p.proname, p.oid
    loop
        execute pg_catalog.format(
            'drop %s if exists %s cascade',
            case found.prokind when 'a' then 'aggregate' else 'routine' end,
            found.name
        );
    end loop;

    for found in
        select
            t.oid::pg_catalog.regtype::text as name,
            t.typtype
        from pg_catalog.pg_type as t
        where
            t.typnamespace = 'public'::pg_catalog.regnamespace
            and t.typtype in ('d', 'e', 'r')
            and not exists (
                select 1
                from pg_catalog.pg_depend as d
                where
                    d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
                    and d.objid = t.oid
                    and d.deptype in ('e', 'i')
            )
        order by t.typname
    loop
        execute pg_catalog.format(
            'drop %s if exists %s cascade',
            case found.typtype when 'd' then 'domain' else 'type' end,
            found.name
        );
    end loop;

    if pg_catalog.to_regclass('cron.job') is not null then
        perform cron.unschedule(j.jobid) from cron.job as j where j.username = current_user;
    end if;
    if pg_catalog.to_regclass('storage.buckets') is not null then
        perform pg_catalog.set_config('storage.allow_delete_query', 'true', true);
        delete from storage.buckets as b
        where not exists (select 1 from storage.objects as o where o.bucket_id = b.id);
    end if;
    if pg_catalog.to_regclass('auth.users') is not null then
        truncate auth.users cascade;
    end if;
    if pg_catalog.to_regclass('supabase_migrations.schema_migrations') is not null then
        delete from supabase_migrations.schema_migrations;
    end if;
    if pg_catalog.to_regclass('supabase_migrations.seed_files') is not null then
        delete from supabase_migrations.seed_files;
    end if;
end
$$;
