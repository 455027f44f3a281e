-- JSON Web Tokens (RFC 7519) signed with HMAC: HS256, HS384 and HS512.

create function @extschema@.url_encode(data bytea) returns text
language sql immutable
return translate(encode(data, 'base64'), E'+/=\n', '-_');

create function @extschema@.url_decode(data text) returns bytea
language sql immutable
return decode(
    rpad(translate(data, '-_', '+/'), (length(data) + 3) / 4 * 4, '='), 'base64'
);

-- An algorithm outside the three is passed on as '' and refused by hmac().
create function @extschema@.algorithm_sign(signables text, secret text, algorithm text) returns text
language sql immutable
return @extschema@.url_encode(
    @extschema:pgcrypto@.hmac(
        signables,
        secret,
        case algorithm
            when 'HS256' then 'sha256'
            when 'HS384' then 'sha384'
            when 'HS512' then 'sha512'
            else ''
        end
    )
);

create function @extschema@.sign(payload json, secret text, algorithm text default 'HS256')
returns text
language plpgsql immutable
set search_path = ''
as $$
declare
    signables constant text := @extschema@.url_encode(
        convert_to('{"alg":"' || algorithm || '","typ":"JWT"}', 'utf8')
    ) || '.' || @extschema@.url_encode(convert_to(payload::text, 'utf8'));
begin
    return signables || '.' || @extschema@.algorithm_sign(signables, secret, algorithm);
end
$$;

create function @extschema@.try_cast_double(inp text) returns double precision
language plpgsql immutable
set search_path = ''
as $$
begin
    return inp::double precision;
exception
    when data_exception then
        return null;
end
$$;

-- Valid: the signature is right, and now lies between nbf and exp where the payload has them.
create function @extschema@.verify(token text, secret text, algorithm text default 'HS256')
returns table (header json, payload json, valid boolean)
language plpgsql immutable
set search_path = ''
as $$
declare
    part constant text[] := string_to_array(token, '.');
    signed constant boolean :=
        part[3] = @extschema@.algorithm_sign(part[1] || '.' || part[2], secret, algorithm);
begin
    header := convert_from(@extschema@.url_decode(part[1]), 'utf8')::json;
    payload := convert_from(@extschema@.url_decode(part[2]), 'utf8')::json;
    valid := signed and current_timestamp <@ tstzrange(
        to_timestamp(@extschema@.try_cast_double(payload ->> 'nbf')),
        to_timestamp(@extschema@.try_cast_double(payload ->> 'exp'))
    );
    return next;
end
$$;
