-- What a local Data API's login may do on a throwaway copy: become an API role, and keep Auth's
-- tables. It owns nothing, is no superuser and bypasses no policy; take_back.sql takes back what
-- it gets here. The setting prospectr_db.role names it.
do $$
declare
    login constant text := pg_catalog.current_setting('prospectr_db.role');
    kept record;
begin
    execute pg_catalog.format('grant anon, authenticated, service_role to %I', login);
    execute pg_catalog.format('grant usage on schema auth to %I', login);
    execute pg_catalog.format(
        'grant select, insert, update, delete on all tables in schema auth to %I', login
    );
    execute pg_catalog.format(
        'grant usage, select on all sequences in schema auth to %I', login
    );
    for kept in
        select c.oid::regclass as relation
        from pg_catalog.pg_class as c
        where
            c.relnamespace = 'auth'::regnamespace
            and c.relkind in ('r', 'p')
            and c.relrowsecurity
        order by c.relname
    loop
        execute pg_catalog.format(
            'create policy %I on %s to %I using (true) with check (true)',
            login, kept.relation, login
        );
    end loop;
end
$$
