-- Synchronous requests. Nothing is sent: a call fails, unless the session has set what is to come
-- back.

create domain @extschema@.http_method as text;

create domain @extschema@.content_type as text check (value ~ '^\S+\/\S+');

create type @extschema@.http_header as (
    field character varying,
    value character varying
);

create type @extschema@.http_response as (
    status integer,
    content_type character varying,
    headers @extschema@.http_header[],
    content character varying
);

create type @extschema@.http_request as (
    method @extschema@.http_method,
    uri character varying,
    headers @extschema@.http_header[],
    content_type character varying,
    content character varying
);

-- The extension keeps its options as settings named http.curlopt_…; so does this.
create function @extschema@.http_set_curlopt(curlopt character varying, value character varying)
returns boolean
language plpgsql volatile
as $$
begin
    if curlopt !~* '^CURLOPT_[A-Z0-9_]+$' then
        raise exception 'curl option "%" is not available for run-time configuration', curlopt;
    end if;
    perform set_config('http.' || lower(curlopt), value, false);
    return true;
end
$$;

create function @extschema@.http_list_curlopt() returns table (curlopt text, value text)
language sql volatile
as $$
    select o.name, current_setting('http.' || lower(o.name), true)
    from unnest('{
        CURLOPT_CAINFO,CURLOPT_CONNECTTIMEOUT,CURLOPT_CONNECTTIMEOUT_MS,CURLOPT_DNS_SERVERS,
        CURLOPT_PRE_PROXY,CURLOPT_PROXY,CURLOPT_PROXYPASSWORD,CURLOPT_PROXYPORT,
        CURLOPT_PROXYUSERNAME,CURLOPT_PROXYUSERPWD,CURLOPT_PROXY_TLSAUTH_PASSWORD,
        CURLOPT_PROXY_TLSAUTH_TYPE,CURLOPT_PROXY_TLSAUTH_USERNAME,CURLOPT_SSLCERT,CURLOPT_SSLKEY,
        CURLOPT_SSL_VERIFYHOST,CURLOPT_SSL_VERIFYPEER,CURLOPT_TCP_KEEPALIVE,CURLOPT_TCP_KEEPIDLE,
        CURLOPT_TIMEOUT,CURLOPT_TIMEOUT_MS,CURLOPT_TLSAUTH_PASSWORD,CURLOPT_TLSAUTH_TYPE,
        CURLOPT_TLSAUTH_USERNAME,CURLOPT_USERAGENT,CURLOPT_USERPWD
    }'::text[]) as o (name)
    where nullif(current_setting('http.' || lower(o.name), true), '') is not null
    order by o.name
$$;

create function @extschema@.http_reset_curlopt() returns boolean
language plpgsql volatile
as $$
begin
    perform set_config('http.' || lower(l.curlopt), '', false)
    from @extschema@.http_list_curlopt() as l;
    return true;
end
$$;

create function @extschema@.http_header(field character varying, value character varying)
returns @extschema@.http_header
language sql volatile
as $$
    select $1, $2
$$;

-- The one request that is answered without: installers of database.dev's packages ask for them
-- before they create them, and learn of those that this server offers.
create function @extschema@.http_packages(uri text) returns jsonb
language sql stable
as $$
    select jsonb_build_object(
        'content',
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'version', a.default_version, 'sql', '-- This server offers ' || a.name
                )
            ) filter (where a.name is not null),
            '[]'
        )::text
    )
    from
        regexp_match(
            replace($1, '%40', '@'), '^https://api\.database\.dev/.*[?&]package_name=eq\.([^&]+)'
        ) as m (part)
    left join pg_available_extensions as a on m.part[1] = a.name
    where m.part is not null
    having count(*) > 0
$$;

-- A test says what every request returns with: set http.response = '{"status": 200, "content":
-- "…"}'.
create function @extschema@.http(request @extschema@.http_request)
returns @extschema@.http_response
language plpgsql volatile
as $$
declare
    answer constant jsonb := coalesce(
        nullif(current_setting('http.response', true), '')::jsonb,
        @extschema@.http_packages(request.uri)
    );
begin
    if answer is null then
        raise exception '% % was not sent: http is a stand-in here', request.method, request.uri
            using
                errcode = '0A000',
                hint = 'For a test, set http.response to what the request is to return with, such as '
                    '{"status": 200, "content_type": "application/json", "content": "{}"}.';
    end if;
    return row(
        coalesce((answer ->> 'status')::integer, 200),
        coalesce(answer ->> 'content_type', 'application/json'),
        array(
            select row(h.key, h.value)::@extschema@.http_header
            from jsonb_each_text(coalesce(answer -> 'headers', '{}')) as h
        ),
        answer ->> 'content'
    )::@extschema@.http_response;
end
$$;

create function @extschema@.urlencode(string bytea) returns text
language plpgsql immutable strict
as $$
declare
    encoded text := '';
    byte integer;
begin
    for i in 0 .. octet_length(string) - 1 loop
        byte := get_byte(string, i);
        encoded := encoded || case
            when byte = 32 then '+'
            when byte between 1 and 127 and chr(greatest(byte, 1)) ~ '[A-Za-z0-9._~-]'
                then chr(byte)
            else '%' || upper(lpad(to_hex(byte), 2, '0'))
        end;
    end loop;
    return encoded;
end
$$;

create function @extschema@.urlencode(string character varying) returns text
language sql immutable strict
as $$
    select @extschema@.urlencode(convert_to(string, 'utf8'))
$$;

create function @extschema@.urlencode(data jsonb) returns text
language sql immutable strict
as $$
    select coalesce(
        string_agg(
            @extschema@.urlencode(d.key::character varying) || '='
            || @extschema@.urlencode(d.value::character varying),
            '&' order by d.ordinality
        ),
        ''
    )
    from jsonb_each_text(data) with ordinality as d (key, value, ordinality)
$$;

create function @extschema@.http_get(uri character varying) returns @extschema@.http_response
language sql volatile
as $$
    select @extschema@.http(row('GET', $1, null, null, null)::@extschema@.http_request)
$$;

create function @extschema@.http_get(uri character varying, data jsonb)
returns @extschema@.http_response
language sql volatile
as $$
    select @extschema@.http(
        row('GET', $1 || '?' || @extschema@.urlencode($2), null, null,
            null)::@extschema@.http_request
    )
$$;

create function @extschema@.http_post(
    uri character varying, content character varying, content_type character varying
) returns @extschema@.http_response
language sql volatile
as $$
    select @extschema@.http(row('POST', $1, null, $3, $2)::@extschema@.http_request)
$$;

create function @extschema@.http_post(uri character varying, data jsonb)
returns @extschema@.http_response
language sql volatile
as $$
    select @extschema@.http(
        row(
            'POST', $1, null, 'application/x-www-form-urlencoded', @extschema@.urlencode($2)
        )::@extschema@.http_request
    )
$$;

create function @extschema@.http_put(
    uri character varying, content character varying, content_type character varying
) returns @extschema@.http_response
language sql volatile
as $$
    select @extschema@.http(row('PUT', $1, null, $3, $2)::@extschema@.http_request)
$$;

create function @extschema@.http_patch(
    uri character varying, content character varying, content_type character varying
) returns @extschema@.http_response
language sql volatile
as $$
    select @extschema@.http(row('PATCH', $1, null, $3, $2)::@extschema@.http_request)
$$;

create function @extschema@.http_delete(uri character varying) returns @extschema@.http_response
language sql volatile
as $$
    select @extschema@.http(row('DELETE', $1, null, null, null)::@extschema@.http_request)
$$;

create function @extschema@.http_delete(
    uri character varying, content character varying, content_type character varying
) returns @extschema@.http_response
language sql volatile
as $$
    select @extschema@.http(row('DELETE', $1, null, $3, $2)::@extschema@.http_request)
$$;

create function @extschema@.http_head(uri character varying) returns @extschema@.http_response
language sql volatile
as $$
    select @extschema@.http(row('HEAD', $1, null, null, null)::@extschema@.http_request)
$$;

create function @extschema@.text_to_bytea(data text) returns bytea
language sql immutable strict
as $$
    select convert_to(data, getdatabaseencoding())
$$;

create function @extschema@.bytea_to_text(data bytea) returns text
language sql immutable strict
as $$
    select convert_from(data, getdatabaseencoding())
$$;
