-- A DELETE may have a body since 0.19.

create function net.http_delete(
    url text,
    params jsonb default '{}'::jsonb,
    headers jsonb default '{}'::jsonb,
    timeout_milliseconds integer default 5000,
    body jsonb default null
) returns bigint
language plpgsql volatile
as $$
declare
    request_id bigint;
begin
    insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
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
        convert_to(http_delete.body::text, 'UTF8'),
        http_delete.timeout_milliseconds
    returning id into request_id;
    return request_id;
end
$$;
