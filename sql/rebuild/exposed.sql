-- The schemas that the Data API shows, where the database itself says so (PostgREST's in-database
-- configuration: the setting pgrst.db_schemas of its login).
select pg_catalog.substr(line.text, pg_catalog.strpos(line.text, '=') + 1) as schemas
from pg_catalog.pg_db_role_setting as kept
inner join pg_catalog.pg_roles as rol on kept.setrole = rol.oid
cross join lateral pg_catalog.unnest(kept.setconfig) as line (text)
where rol.rolname = 'authenticator' and line.text like 'pgrst.db\_schemas=%'
order by kept.setdatabase desc
limit 1;
