-- A DELETE had no body, and headers were required, before 0.19.

alter table net.http_request_queue alter column headers set not null;

create function net.http_delete(
    url text,
    params jsonb default '{}'::jsonb,
    headers jsonb default '{}'::jsonb,
    timeout_milliseconds integer default 5000
) returns bigint
language plpgsql volatile
as $$
declare
    request_id bigint;
begin
    insert into net.http_request_queue (method, url, headers, timeout_milliseconds)
    select
        'DELETE',
        net._encode_url_with_params_array(
            http_delete.url,
            array(
                select net._urlencode_string(key) || '=' || net._urlencode_string(value)
                from jsonb_each_text(params)
            )
        ),
        http_delete.headers,
        http_delete.timeout_milliseconds
    returning id into request_id;
    return request_id;
end
$$;
