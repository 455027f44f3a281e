-- Whether users of the API hold anything on a table of the schemas that it shows, whether a policy
-- means to let them in, and whether new tables in public are theirs to read at once.
select
    exists (
        select from pg_catalog.pg_class as rel
        inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
        cross join unnest(array['anon', 'authenticated']) as role_name
        where
            rel.relkind in ('r', 'p')
            and nsp.nspname = any(%(exposed)s)
            and (
                pg_catalog.has_any_column_privilege(role_name, rel.oid, 'select, insert, update')
                or pg_catalog.has_table_privilege(role_name, rel.oid, 'delete')
            )
    ) as granted,
    exists (
        select from pg_catalog.pg_policy as pol
        inner join pg_catalog.pg_class as rel on pol.polrelid = rel.oid
        inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
        where
            nsp.nspname = any(%(exposed)s)
            and rel.relrowsecurity
            and pol.polpermissive
            and (
                pol.polroles = '{0}'
                or pol.polroles && array[
                    'anon'::pg_catalog.regrole::oid, 'authenticated'::pg_catalog.regrole::oid
                ]
            )
            and pg_catalog.concat_ws(
                ' ',
                pg_catalog.pg_get_expr(pol.polqual, pol.polrelid),
                pg_catalog.pg_get_expr(pol.polwithcheck, pol.polrelid)
            ) not in ('false', 'false false')
            and pg_catalog.concat(
                pg_catalog.pg_get_expr(pol.polqual, pol.polrelid),
                pg_catalog.pg_get_expr(pol.polwithcheck, pol.polrelid)
            ) not like '%%service_role%%'
    ) as meant,
    exists (
        select from pg_catalog.pg_default_acl as def
        cross join pg_catalog.aclexplode(def.defaclacl) as acl
        where
            def.defaclobjtype = 'r'
            and def.defaclnamespace = 'public'::pg_catalog.regnamespace
            and def.defaclrole = 'postgres'::pg_catalog.regrole
            and acl.grantee = 'authenticated'::pg_catalog.regrole
            and acl.privilege_type = 'SELECT'
    ) as by_default;
