-- pg_net as of mid-2025, whose http_delete took no body.
do $$
begin
    if not exists (select 1 from pg_catalog.pg_extension where extname = 'pg_net') then
        return;
    end if;
    alter extension pg_net drop function net.http_delete(text, jsonb, jsonb, integer, jsonb);
    drop function net.http_delete(text, jsonb, jsonb, integer, jsonb);
    create function net.http_delete(
        url text,
        params jsonb default '{}',
        headers jsonb default '{}',
        timeout_milliseconds integer default 5000
    ) returns bigint
    language sql
    as $sql$
        insert into net.http_request_queue (method, url, headers, timeout_milliseconds)
        values (
            'DELETE',
            net._encode_url_with_params_array(
                url,
                array(
                    select net._urlencode_string(key) || '=' || net._urlencode_string(value)
                    from jsonb_each_text(params)
                )
            ),
            headers,
            timeout_milliseconds
        )
        returning id
    $sql$;
    alter extension pg_net add function net.http_delete(text, jsonb, jsonb, integer);
end
$$;
