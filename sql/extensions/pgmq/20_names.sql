-- From a queue's name to its tables, and what belongs to the extension.

create function pgmq.acquire_queue_lock(queue_name text) returns void
language plpgsql volatile
as $$
begin
    perform pg_advisory_xact_lock(hashtext('pgmq.queue_' || queue_name));
end
$$;

create function pgmq.format_table_name(queue_name text, prefix text) returns text
language plpgsql volatile
as $$
begin
    if queue_name ~ '\$|;|--|''' then
        raise exception 'queue name contains invalid characters: $, ;, --, or \''';
    end if;
    return lower(prefix || '_' || queue_name);
end
$$;

-- The longest prefix that pgmq puts before a name has 16 characters; an identifier has 63.
create function pgmq.validate_queue_name(queue_name text) returns void
language plpgsql volatile
as $$
begin
    if length(queue_name) > 47 then
        raise exception 'queue name is too long, maximum length is 47 characters';
    end if;
end
$$;

create function pgmq._extension_exists(extension_name text) returns boolean
language sql volatile
as $$
    select exists (select from pg_catalog.pg_extension where extname = extension_name)
$$;

create function pgmq._belongs_to_pgmq(table_name text) returns boolean
language plpgsql volatile
as $$
begin
    return exists (
        select
        from pg_catalog.pg_depend as d
        inner join pg_catalog.pg_extension as e on e.oid = d.refobjid and d.deptype = 'e'
        where e.extname = 'pgmq' and d.objid = to_regclass(format('pgmq.%I', table_name))
    );
end
$$;
