-- Message digests and HMAC (RFC 2104) over MD5, SHA-1 and SHA-2.
\ir ../shared/sha1.sql

create function pgcrypto_no_such_hash(name text) returns bytea
language plpgsql immutable parallel safe
set search_path = ''
as $$
begin
    raise exception 'Cannot use "%": No such hash algorithm', name
        using errcode = '22023',
        hint = 'This stand-in for pgcrypto knows md5, sha1, sha224, sha256, sha384 and sha512.';
end
$$;

create function digest(bytea, text) returns bytea
language sql immutable strict parallel safe
return case lower($2)
    when 'sha256' then sha256($1)
    when 'md5' then decode(md5($1), 'hex')
    when 'sha1' then pgcrypto_sha1($1)
    when 'sha224' then sha224($1)
    when 'sha384' then sha384($1)
    when 'sha512' then sha512($1)
    else pgcrypto_no_such_hash($2)
end;

create function digest(text, text) returns bytea
language sql immutable strict parallel safe
return digest(convert_to($1, getdatabaseencoding()), $2);

-- XOR of a key, filled up with zeroes to one block of the hash, with HMAC's inner or outer pad.
create function pgcrypto_hmac_pad(key bytea, block_size integer, pad integer) returns bytea
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    padded bytea := key || decode(repeat('00', block_size - octet_length(key)), 'hex');
begin
    for i in 0 .. block_size - 1 loop
        padded := set_byte(padded, i, get_byte(padded, i) # pad);
    end loop;
    return padded;
end
$$;

create function pgcrypto_hmac(data bytea, key bytea, type text, block_size integer) returns bytea
language sql immutable strict parallel safe
return digest(
    pgcrypto_hmac_pad(
        case when octet_length(key) > block_size then digest(key, type) else key end, block_size, 92
    ) || digest(
        pgcrypto_hmac_pad(
            case when octet_length(key) > block_size then digest(key, type) else key end,
            block_size,
            54
        ) || data,
        type
    ),
    type
);

create function hmac(bytea, bytea, text) returns bytea
language sql immutable strict parallel safe
return pgcrypto_hmac($1, $2, $3, case when lower($3) in ('sha384', 'sha512') then 128 else 64 end);

create function hmac(text, text, text) returns bytea
language sql immutable strict parallel safe
return hmac(
    convert_to($1, getdatabaseencoding()), convert_to($2, getdatabaseencoding()), $3
);
