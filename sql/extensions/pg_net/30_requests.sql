-- Asking for a request: the URL is built and checked as pg_net does, and a row is queued.

-- Percent-encoding (RFC 3986, section 2.1): unreserved characters stay as they are.
create function net._urlencode_string(string character varying) returns text
language plpgsql immutable
as $$
declare
    bytes constant bytea := convert_to(string, 'utf8');
    encoded text := '';
    byte integer;
begin
    if string is null then
        return null;
    end if;
    for i in 0 .. octet_length(bytes) - 1 loop
        byte := get_byte(bytes, i);
        if byte < 128 and chr(greatest(byte, 1)) ~ '[A-Za-z0-9._~-]' then
            encoded := encoded || chr(byte);
        else
            encoded := encoded || '%' || upper(lpad(to_hex(byte), 2, '0'));
        end if;
    end loop;
    return encoded;
end
$$;

-- The query is appended; a URL without a path gets the path "/", as libcurl writes it.
create function net._encode_url_with_params_array(url text, params_array text[]) returns text
language sql immutable
as $$
    select case
        when coalesce(cardinality(params_array), 0) = 0 then whole
        else whole || case when position('?' in whole) > 0 then '&' else '?' end
            || array_to_string(params_array, '&')
    end
    from regexp_replace(url, '^([A-Za-z]+://[^/?#]+)(?=[?#]|$)', '\1/') as whole
$$;

create function net.http_get(
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
        'GET',
        net._encode_url_with_params_array(
            http_get.url,
            array(
                select net._urlencode_string(key) || '=' || net._urlencode_string(value)
                from jsonb_each_text(params)
            )
        ),
        http_get.headers,
        http_get.timeout_milliseconds
    returning id into request_id;
    return request_id;
end
$$;

-- The content type is JSON, always: pg_net adds it where it is missing and refuses any other.
create function net.http_post(
    url text,
    body jsonb default '{}'::jsonb,
    params jsonb default '{}'::jsonb,
    headers jsonb default '{"Content-Type": "application/json"}'::jsonb,
    timeout_milliseconds integer default 5000
) returns bigint
language plpgsql volatile
as $$
declare
    request_id bigint;
    content_type constant text := (
        select value from jsonb_each_text(coalesce(headers, '{}'::jsonb))
        where lower(key) = 'content-type' order by key limit 1
    );
begin
    if content_type <> 'application/json' then
        raise exception 'Content-Type header must be "application/json"';
    end if;
    insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
    select
        'POST',
        net._encode_url_with_params_array(
            http_post.url,
            array(
                select net._urlencode_string(key) || '=' || net._urlencode_string(value)
                from jsonb_each_text(params)
            )
        ),
        case
            when content_type is null then http_post.headers
                || '{"Content-Type": "application/json"}'
            else http_post.headers
        end,
        convert_to(http_post.body::text, 'UTF8'),
        http_post.timeout_milliseconds
    returning id into request_id;
    return request_id;
end
$$;
