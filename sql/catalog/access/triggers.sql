-- Triggers of users, not those that keep foreign keys.
select
    t.tgrelid::bigint as relation,
    t.tgname as name,
    t.tgfoid::bigint as function,
    t.tgenabled::text as enabled,
    pg_catalog.pg_get_triggerdef(t.oid) as definition
from pg_catalog.pg_trigger as t
where t.tgrelid = any(%(relations)s) and not t.tgisinternal
order by t.tgrelid, t.tgname
