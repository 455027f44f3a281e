-- Sending: a message is visible from `vt` on.

create function pgmq.send(
    queue_name text, msg jsonb, headers jsonb, delay timestamp with time zone
) returns setof bigint
language plpgsql volatile
as $$
begin
    return query execute format(
        'insert into pgmq.%I (vt, message, headers) values ($1, $2, $3) returning msg_id',
        pgmq.format_table_name(queue_name, 'q')
    ) using delay, msg, headers;
end
$$;

create function pgmq.send(queue_name text, msg jsonb) returns setof bigint
language sql volatile
as $$
    select pgmq.send(queue_name, msg, null::jsonb, clock_timestamp())
$$;

create function pgmq.send(queue_name text, msg jsonb, headers jsonb) returns setof bigint
language sql volatile
as $$
    select pgmq.send(queue_name, msg, headers, clock_timestamp())
$$;

create function pgmq.send(queue_name text, msg jsonb, delay integer) returns setof bigint
language sql volatile
as $$
    select pgmq.send(queue_name, msg, null::jsonb, clock_timestamp() + make_interval(secs => delay))
$$;

create function pgmq.send(
    queue_name text, msg jsonb, delay timestamp with time zone
) returns setof bigint
language sql volatile
as $$
    select pgmq.send(queue_name, msg, null::jsonb, delay)
$$;

create function pgmq.send(
    queue_name text, msg jsonb, headers jsonb, delay integer
) returns setof bigint
language sql volatile
as $$
    select pgmq.send(queue_name, msg, headers, clock_timestamp() + make_interval(secs => delay))
$$;

create function pgmq.send_batch(
    queue_name text, msgs jsonb[], headers jsonb[], delay timestamp with time zone
) returns setof bigint
language plpgsql volatile
as $$
begin
    return query execute format(
        'insert into pgmq.%I (vt, message, headers)'
        ' select $1, unnest($2), unnest(coalesce($3, ''{}''::jsonb[])) returning msg_id',
        pgmq.format_table_name(queue_name, 'q')
    ) using delay, msgs, headers;
end
$$;

create function pgmq.send_batch(queue_name text, msgs jsonb[]) returns setof bigint
language sql volatile
as $$
    select pgmq.send_batch(queue_name, msgs, null::jsonb[], clock_timestamp())
$$;

create function pgmq.send_batch(queue_name text, msgs jsonb[], headers jsonb[]) returns setof bigint
language sql volatile
as $$
    select pgmq.send_batch(queue_name, msgs, headers, clock_timestamp())
$$;

create function pgmq.send_batch(queue_name text, msgs jsonb[], delay integer) returns setof bigint
language sql volatile
as $$
    select pgmq.send_batch(
        queue_name, msgs, null::jsonb[], clock_timestamp() + make_interval(secs => delay)
    )
$$;

create function pgmq.send_batch(
    queue_name text, msgs jsonb[], delay timestamp with time zone
) returns setof bigint
language sql volatile
as $$
    select pgmq.send_batch(queue_name, msgs, null::jsonb[], delay)
$$;

create function pgmq.send_batch(
    queue_name text, msgs jsonb[], headers jsonb[], delay integer
) returns setof bigint
language sql volatile
as $$
    select pgmq.send_batch(
        queue_name, msgs, headers, clock_timestamp() + make_interval(secs => delay)
    )
$$;
