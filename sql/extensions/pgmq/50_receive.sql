-- Receiving: a message that was read is invisible to others until its visibility timeout has
-- passed.

create function pgmq.read(
    queue_name text, vt integer, qty integer, conditional jsonb default '{}'
) returns setof pgmq.message_record
language plpgsql volatile
as $$
begin
    return query execute format(
        $sql$
        with chosen as (
            select msg_id
            from pgmq.%1$I
            where vt <= clock_timestamp() and ($3 = '{}'::jsonb or message @> $3)
            order by msg_id
            limit $1
            for update skip locked
        )
        update pgmq.%1$I as m
        set vt = clock_timestamp() + make_interval(secs => $2), read_ct = m.read_ct + 1
        from chosen
        where m.msg_id = chosen.msg_id
        returning m.msg_id, m.read_ct, m.enqueued_at, m.vt, m.message, m.headers
        $sql$,
        pgmq.format_table_name(queue_name, 'q')
    ) using qty, vt, conditional;
end
$$;

create function pgmq.read_with_poll(
    queue_name text,
    vt integer,
    qty integer,
    max_poll_seconds integer default 5,
    poll_interval_ms integer default 100,
    conditional jsonb default '{}'
) returns setof pgmq.message_record
language plpgsql volatile
as $$
declare
    deadline constant timestamp with time zone :=
        clock_timestamp() + make_interval(secs => max_poll_seconds);
begin
    while clock_timestamp() < deadline loop
        return query select * from pgmq.read(queue_name, vt, qty, conditional);
        if found then
            return;
        end if;
        perform pg_sleep(poll_interval_ms / 1000.0);
    end loop;
end
$$;

create function pgmq.pop(queue_name text) returns setof pgmq.message_record
language plpgsql volatile
as $$
begin
    return query execute format(
        $sql$
        delete from pgmq.%1$I
        where msg_id = (
            select msg_id
            from pgmq.%1$I
            where vt <= clock_timestamp()
            order by msg_id
            limit 1
            for update skip locked
        )
        returning msg_id, read_ct, enqueued_at, vt, message, headers
        $sql$,
        pgmq.format_table_name(queue_name, 'q')
    );
end
$$;

create function pgmq.set_vt(
    queue_name text, msg_id bigint, vt integer
) returns setof pgmq.message_record
language plpgsql volatile
as $$
begin
    return query execute format(
        'update pgmq.%I set vt = clock_timestamp() + make_interval(secs => $1) where msg_id = $2'
        ' returning msg_id, read_ct, enqueued_at, vt, message, headers',
        pgmq.format_table_name(queue_name, 'q')
    ) using vt, msg_id;
end
$$;

create function pgmq.delete(queue_name text, msg_ids bigint[]) returns setof bigint
language plpgsql volatile
as $$
begin
    return query execute format(
        'delete from pgmq.%I where msg_id = any($1) returning msg_id',
        pgmq.format_table_name(queue_name, 'q')
    ) using msg_ids;
end
$$;

create function pgmq.delete(queue_name text, msg_id bigint) returns boolean
language plpgsql volatile
as $$
begin
    return exists (select from pgmq.delete(queue_name, array[msg_id]));
end
$$;

create function pgmq.archive(queue_name text, msg_ids bigint[]) returns setof bigint
language plpgsql volatile
as $$
begin
    return query execute format(
        $sql$
        with taken as (
            delete from pgmq.%I where msg_id = any($1)
            returning msg_id, vt, read_ct, enqueued_at, message, headers
        )
        insert into pgmq.%I (msg_id, vt, read_ct, enqueued_at, message, headers)
        select msg_id, vt, read_ct, enqueued_at, message, headers from taken
        returning msg_id
        $sql$,
        pgmq.format_table_name(queue_name, 'q'),
        pgmq.format_table_name(queue_name, 'a')
    ) using msg_ids;
end
$$;

create function pgmq.archive(queue_name text, msg_id bigint) returns boolean
language plpgsql volatile
as $$
begin
    return exists (select from pgmq.archive(queue_name, array[msg_id]));
end
$$;
