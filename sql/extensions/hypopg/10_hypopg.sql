-- Listing and resetting work, on nothing; creating a hypothetical index is refused.

create function hypopg_create_index(in sql_order text, out indexrelid oid, out indexname text)
returns setof record
language plpgsql volatile strict
as $$
begin
    raise exception 'hypopg is a stand-in here: the planner cannot be shown hypothetical indexes'
        using
            errcode = '0A000',
            hint = 'Create the index in a transaction, look at EXPLAIN, and roll back.';
end
$$;

create function hypopg(
    out indexname text, out indexrelid oid, out indrelid oid, out innatts integer,
    out indisunique boolean, out indkey int2vector, out indcollation oidvector,
    out indclass oidvector, out indoption oidvector, out indexprs pg_node_tree,
    out indpred pg_node_tree, out amid oid
) returns setof record
language sql volatile
begin atomic
    select
        null::text, null::oid, null::oid, null::integer, null::boolean, null::int2vector,
        null::oidvector, null::oidvector, null::oidvector, null::pg_node_tree,
        null::pg_node_tree, null::oid
    where false;
end;

create function hypopg_drop_index(in indexid oid) returns boolean
language sql volatile strict
return false;

create function hypopg_relation_size(in indexid oid) returns bigint
language plpgsql volatile strict
as $$
begin
    raise exception 'oid % is not a hypothetical index', indexid;
end
$$;

create function hypopg_get_indexdef(in indexid oid) returns text
language sql volatile strict
return null::text;

create function hypopg_reset_index() returns void
language plpgsql volatile
as $$
begin
    null;
end
$$;

create function hypopg_reset() returns void
language plpgsql volatile
as $$
begin
    null;
end
$$;

create view hypopg_list_indexes as
select
    h.indexrelid,
    h.indexname as index_name,
    n.nspname as schema_name,
    coalesce(c.relname, '<dropped>') as table_name,
    am.amname as am_name
from hypopg() as h
left join pg_catalog.pg_class as c on c.oid = h.indrelid
left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
left join pg_catalog.pg_am as am on am.oid = h.amid;
