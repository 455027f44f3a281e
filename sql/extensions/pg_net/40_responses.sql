-- Reading responses. One exists only where a test has inserted it into net._http_response.

-- pg_net waits for ever; without a worker that would hang, so the wait ends with the request's
-- timeout.
create function net._await_response(request_id bigint) returns boolean
language plpgsql volatile
as $$
declare
    patience constant integer := coalesce(
        (select timeout_milliseconds from net.http_request_queue where id = request_id), 0
    );
    deadline constant timestamp with time zone :=
        clock_timestamp() + patience * interval '1 millisecond';
begin
    loop
        if exists (select from net._http_response where id = request_id) then
            return true;
        end if;
        if clock_timestamp() >= deadline then
            raise exception 'request % has no response', request_id using
                errcode = '57014',
                hint = 'This stand-in for pg_net never sends a request; insert the response that you '
                    'expect into net._http_response.';
        end if;
        perform pg_sleep(0.05);
    end loop;
end
$$;

create function net._http_collect_response(request_id bigint, async boolean default true)
returns net.http_response_result
language plpgsql volatile
as $$
declare
    answer net._http_response;
begin
    if not async then
        perform net._await_response(request_id);
    end if;
    select * into answer from net._http_response where id = request_id;
    if not found or answer.error_msg is not null then
        return row(
            'ERROR'::net.request_status,
            coalesce(answer.error_msg, 'request matching request_id not found'),
            null::net.http_response
        )::net.http_response_result;
    end if;
    return row(
        'SUCCESS'::net.request_status,
        'ok',
        row(answer.status_code, answer.headers, answer.content)::net.http_response
    )::net.http_response_result;
end
$$;

create function net.http_collect_response(request_id bigint, async boolean default true)
returns net.http_response_result
language plpgsql volatile
as $$
begin
    raise notice 'The net.http_collect_response function is deprecated.';
    return net._http_collect_response(request_id, async);
end
$$;

grant usage on schema net to public;
grant all on all sequences in schema net to public;
grant all on all tables in schema net to public;
