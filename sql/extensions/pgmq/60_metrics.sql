-- How full the queues are; and, last, whose all of this is.

create function pgmq.metrics(queue_name text) returns pgmq.metrics_result
language plpgsql volatile
as $$
declare
    messages constant text := pgmq.format_table_name(queue_name, 'q');
    result pgmq.metrics_result;
begin
    execute format(
        $sql$
        select
            $1,
            count(*),
            extract(epoch from now() - max(enqueued_at))::integer,
            extract(epoch from now() - min(enqueued_at))::integer,
            (select case when is_called then last_value else 0 end from pgmq.%I),
            now(),
            count(*) filter (where vt <= now())
        from pgmq.%I
        $sql$,
        messages || '_msg_id_seq',
        messages
    ) into result using queue_name;
    return result;
end
$$;

create function pgmq.metrics_all() returns setof pgmq.metrics_result
language plpgsql volatile
as $$
begin
    return query
    select (pgmq.metrics(m.queue_name)).* from pgmq.meta as m order by m.created_at, m.queue_name;
end
$$;

-- On Supabase the extension's creator owns its objects, and can therefore make queues.
do $$
declare
    statement text;
begin
    for statement in
        select format('alter routine %s owner to @extowner@', p.oid::regprocedure)
        from pg_catalog.pg_proc as p where p.pronamespace = 'pgmq'::regnamespace
        union all
        select format('alter type %s owner to @extowner@', t.oid::regtype)
        from pg_catalog.pg_type as t
        inner join pg_catalog.pg_class as c on c.oid = t.typrelid and c.relkind = 'c'
        where t.typnamespace = 'pgmq'::regnamespace
    loop
        execute statement;
    end loop;
    alter table pgmq.meta owner to @extowner@;
end
$$;
