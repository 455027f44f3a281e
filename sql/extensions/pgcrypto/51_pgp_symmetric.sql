-- PGP messages under a password (RFC 4880): AES, iterated and salted keys, integrity protection.
-- Not here: compression (a message is written without, and one that has it is refused), triple DES,
-- and messages without integrity protection.

-- 'cipher-algo=aes256, s2k-mode=1' … as an object, with pgcrypto's defaults.
create function pgcrypto_pgp_options(options text) returns jsonb
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    chosen jsonb := '{"cipher-algo": "aes128", "s2k-mode": "3", "s2k-digest-algo": "sha1",
        "s2k-count": "65536", "unicode-mode": "0", "convert-crlf": "0"}';
    part text[];
begin
    for part in
        select regexp_match(btrim(o), '^([a-z0-9-]+)\s*=\s*([a-z0-9]+)$')
        from regexp_split_to_table(lower(options), '\s*,\s*') as o
        where btrim(o) <> ''
    loop
        if part is null or part[1] not in (
            'cipher-algo', 'compress-algo', 'compress-level', 'convert-crlf', 'disable-mdc',
            'sess-key', 's2k-mode', 's2k-count', 's2k-digest-algo', 's2k-cipher-algo',
                'unicode-mode',
            'debug'
        ) and part[1] not like 'expect-%' then
            raise exception 'Syntax error in option string' using errcode = '22023';
        end if;
        chosen := chosen || jsonb_build_object(part[1], part[2]);
    end loop;
    if chosen ->> 'cipher-algo' in ('bf', 'blowfish', 'cast5') then
        raise exception 'encrypt error: Cipher cannot be initialized' using errcode = '39000';
    elsif chosen ->> 'cipher-algo' not in ('aes', 'aes128', 'aes192', 'aes256')
        or chosen ->> 's2k-digest-algo' not in ('md5', 'sha1', 'sha256', 'sha384', 'sha512')
        or chosen ->> 's2k-mode' not in ('0', '1', '3')
        or chosen ->> 'disable-mdc' = '1'
    then
        raise exception 'pgcrypto is a stand-in here and does not know this option: %', options
            using errcode = '0A000';
    end if;
    return chosen;
end
$$;

-- What is hashed for a key: the password; with a salt before it; or that, over and over up to a
-- length.
create function pgcrypto_s2k_material(password bytea, mode integer, salt bytea, count integer)
returns bytea
language sql immutable strict parallel safe
return case mode
    when 0 then password
    when 1 then salt || password
    else substring(
        decode(
            repeat(
                encode(salt || password, 'hex'),
                greatest(count, octet_length(salt || password)) / octet_length(salt || password) + 1
            ),
            'hex'
        )
        from 1 for greatest(count, octet_length(salt || password))
    )
end;

-- RFC 4880, 3.7.1: as many hashes as the key needs, each after one more zero byte than the last.
create function pgcrypto_s2k(material bytea, algorithm text, size integer) returns bytea
language sql immutable strict parallel safe
return substring(
    digest(material, algorithm)
    || case when octet_length(digest(''::bytea, algorithm)) < size
        then digest('\x00'::bytea || material, algorithm) else ''::bytea end
    || case when 2 * octet_length(digest(''::bytea, algorithm)) < size
        then digest('\x0000'::bytea || material, algorithm) else ''::bytea end
    from 1 for size
);

-- A packet of the new format with a length of five bytes.
create function pgcrypto_packet(tag integer, body bytea) returns bytea
language sql immutable strict parallel safe
return set_byte('\x00'::bytea, 0, 192 | tag) || '\xff'::bytea || int4send(octet_length(body))
    || body;

create function pgcrypto_pgp_plain(data bytea, kind text, random bytea) returns bytea
language sql immutable strict parallel safe
return random || substring(random from 15)
    || pgcrypto_packet(11, convert_to(kind, 'utf8') || '\x0000000000'::bytea || data)
        || '\xd314'::bytea;

create function pgcrypto_pgp_encrypt(
    data bytea, kind text, password bytea, options jsonb, salt bytea, random bytea
) returns bytea
language sql immutable strict parallel safe
begin atomic
    select
        pgcrypto_packet(
            3,
            '\x04'::bytea
            || set_byte('\x00'::bytea, 0, case c.size when 16 then 7 when 24 then 8 else 9 end)
            || set_byte('\x00'::bytea, 0, c.mode)
            || set_byte('\x00'::bytea, 0, case options ->> 's2k-digest-algo'
                when 'md5' then 1 when 'sha1' then 2 when 'sha256' then 8 when 'sha384' then 9
                    else 10
            end)
            || case when c.mode > 0 then salt else ''::bytea end
            || case when c.mode = 3 then set_byte('\x00'::bytea, 0, c.code) else ''::bytea end
        ) || pgcrypto_packet(
            18,
            '\x01'::bytea || pgcrypto_aes(
                p.plain || pgcrypto_sha1(p.plain),
                pgcrypto_s2k(
                    pgcrypto_s2k_material(password, c.mode, salt,
                        (16 + c.code % 16) << (c.code / 16 + 6)),
                    options ->> 's2k-digest-algo',
                    c.size
                ),
                '\x00000000000000000000000000000000'::bytea,
                'cfb',
                true
            )
        )
    from (
        select
            case options ->> 'cipher-algo' when 'aes192' then 24 when 'aes256' then 32
                else 16 end as size,
            (options ->> 's2k-mode')::integer as mode,
            -- The smallest count that can be written down and is not below the one asked for.
            coalesce(
                (
                    select min(code) from generate_series(0, 255) as code
                    where (16 + code % 16) << (code / 16 + 6) >= (options ->> 's2k-count')::integer
                ),
                255
            ) as code
    ) as c,
    (select pgcrypto_pgp_plain(data, kind, random) as plain) as p;
end;

-- Take a message apart: {cipher's size, s2k mode, digest, salt, count, session key, encrypted
-- data}.
create function pgcrypto_pgp_parts(message bytea) returns jsonb
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    rest bytea := message;
    head integer;
    tag integer;
    size integer;
    skip integer;
    body bytea;
    is_partial boolean;
    parts jsonb := '{}';
    mode integer;
begin
    while octet_length(rest) > 1 and not parts ? 'data' loop
        head := get_byte(rest, 0);
        if head & 128 = 0 then
            raise exception 'Wrong key or corrupt data' using errcode = '39000';
        end if;
        body := '';
        if head & 64 = 0 then
            -- The old format: the length's length is in the tag; none means up to the end.
            tag := (head >> 2) & 15;
            skip := case head & 3 when 0 then 2 when 1 then 3 when 2 then 5 else 1 end;
            size := case head & 3
                when 3 then octet_length(rest) - 1
                else ('x'
                    || lpad(encode(substring(rest from 2 for skip - 1), 'hex'), 8,
                    '0'))::bit(32)::integer
            end;
            body := substring(rest from skip + 1 for size);
            rest := substring(rest from skip + 1 + size);
        else
            tag := head & 63;
            rest := substring(rest from 2);
            loop
                size := get_byte(rest, 0);
                is_partial := size between 224 and 254;
                skip := case when size < 192 or is_partial then 1 when size < 224 then 2 else 5 end;
                size := case
                    when is_partial then 1 << (size & 31)
                    when size < 192 then size
                    when size < 224 then ((size - 192) << 8) + get_byte(rest, 1) + 192
                    else ('x' || encode(substring(rest from 2 for 4), 'hex'))::bit(32)::integer
                end;
                body := body || substring(rest from skip + 1 for size);
                rest := substring(rest from skip + 1 + size);
                exit when not is_partial;
            end loop;
        end if;
        if tag = 3 and get_byte(body, 0) = 4 and not parts ? 'size' then
            mode := get_byte(body, 2);
            parts := jsonb_build_object(
                'size', case get_byte(body, 1) when 7 then 16 when 8 then 24 when 9 then 32 end,
                'mode', mode,
                'digest', case get_byte(body, 3)
                    when 1 then 'md5' when 2 then 'sha1' when 8 then 'sha256' when 9 then 'sha384'
                    when 10 then 'sha512' when 11 then 'sha224'
                end,
                'salt', encode(substring(body from 5 for case mode when 0 then 0 else 8 end),
                    'hex'),
                'count', case mode
                    when 3 then (16 + get_byte(body, 12) % 16) << (get_byte(body, 12) / 16 + 6)
                        else 0
                end,
                'session',
                    encode(substring(body from case mode when 0 then 5 when 1 then 13
                    else 14 end), 'hex')
            );
        elsif tag = 18 then
            parts := parts || jsonb_build_object('data', encode(substring(body from 2), 'hex'));
        elsif tag in (1, 9, 20) then
            raise exception 'pgcrypto is a stand-in here and does not read packets of type %', tag
                using errcode = '0A000';
        end if;
    end loop;
    if num_nulls(parts ->> 'size', parts ->> 'digest', parts ->> 'data') > 0
        or mode not in (0, 1, 3) then
        raise exception 'Wrong key or corrupt data' using errcode = '39000';
    end if;
    return parts;
exception
    when array_subscript_error or substring_error or numeric_value_out_of_range then
        raise exception 'Wrong key or corrupt data' using errcode = '39000';
end
$$;

-- The key of a message: derived from the password, or encrypted with what is derived.
create function pgcrypto_pgp_key(derived bytea, session bytea) returns bytea
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
begin
    if session = '' then
        return derived;
    elsif octet_length(session)
        <> 1 + (case get_byte(session, 0) when 7 then 16 when 8 then 24 when 9 then 32 else 0 end)
    then
        raise exception 'Wrong key or corrupt data' using errcode = '39000';
    end if;
    return substring(session from 2);
end
$$;

-- Check a decrypted message (the repeated bytes, the hash) and return the literal data in it.
create function pgcrypto_pgp_literal(plain bytea, hash bytea, as_text boolean) returns bytea
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    rest bytea := substring(plain from 19 for octet_length(plain) - 18 - 22);
    size integer;
    skip integer;
    body bytea := '';
    kind text;
    is_partial boolean;
    is_old boolean;
begin
    if octet_length(plain) < 42 or substring(plain from 15 for 2) <> substring(plain from 17 for 2)
        or substring(plain from octet_length(plain) - 21) <> '\xd314'::bytea || hash
    then
        raise exception 'Wrong key or corrupt data' using errcode = '39000';
    end if;
    is_old := get_byte(rest, 0) & 64 = 0;
    if (case when is_old then (get_byte(rest, 0) >> 2) & 15
        else get_byte(rest, 0) & 63 end) <> 11 then
        raise exception 'pgcrypto is a stand-in here and does not read compressed messages'
            using errcode = '0A000';
    end if;
    if is_old then
        skip := case get_byte(rest, 0) & 3 when 0 then 2 when 1 then 3 when 2 then 5 else 1 end;
        body := substring(rest from skip + 1);
    else
        rest := substring(rest from 2);
        loop
            size := get_byte(rest, 0);
            is_partial := size between 224 and 254;
            skip := case when size < 192 or is_partial then 1 when size < 224 then 2 else 5 end;
            size := case
                when is_partial then 1 << (size & 31)
                when size < 192 then size
                when size < 224 then ((size - 192) << 8) + get_byte(rest, 1) + 192
                else ('x' || encode(substring(rest from 2 for 4), 'hex'))::bit(32)::integer
            end;
            body := body || substring(rest from skip + 1 for size);
            rest := substring(rest from skip + 1 + size);
            exit when not is_partial;
        end loop;
    end if;
    kind := chr(get_byte(body, 0));
    if as_text and kind not in ('t', 'u') then
        raise exception 'Not text data' using errcode = '39000';
    end if;
    -- Kind, the length of a file name, the name, a date.
    return substring(body from 7 + get_byte(body, 1));
end
$$;

create function pgcrypto_pgp_decrypt(message bytea, password bytea, as_text boolean) returns bytea
language sql immutable strict parallel safe
begin atomic
    select pgcrypto_pgp_literal(
        o.plain,
        pgcrypto_sha1(substring(o.plain from 1 for greatest(octet_length(o.plain) - 20, 0))),
        as_text
    )
    from (
        select pgcrypto_aes(
            decode(k.part ->> 'data', 'hex'),
            pgcrypto_pgp_key(
                k.derived,
                case when k.part ->> 'session' = '' then ''::bytea else pgcrypto_aes(
                    decode(k.part ->> 'session', 'hex'),
                    k.derived,
                    '\x00000000000000000000000000000000'::bytea,
                    'cfb',
                    false
                ) end
            ),
            '\x00000000000000000000000000000000'::bytea,
            'cfb',
            false
        ) as plain
        from (
            select
                m.part,
                pgcrypto_s2k(
                    pgcrypto_s2k_material(
                        password,
                        (m.part ->> 'mode')::integer,
                        decode(m.part ->> 'salt', 'hex'),
                        (m.part ->> 'count')::integer
                    ),
                    m.part ->> 'digest',
                    (m.part ->> 'size')::integer
                ) as derived
            from (select pgcrypto_pgp_parts(message) as part) as m
        ) as k
    ) as o;
end;

create function pgp_sym_encrypt_bytea(bytea, text, text) returns bytea
language sql volatile strict parallel safe
return pgcrypto_pgp_encrypt(
    $1, 'b', convert_to($2, getdatabaseencoding()), pgcrypto_pgp_options($3),
    gen_random_bytes(8), gen_random_bytes(16)
);

create function pgp_sym_encrypt_bytea(bytea, text) returns bytea
language sql volatile strict parallel safe
return pgp_sym_encrypt_bytea($1, $2, '');

create function pgp_sym_encrypt(text, text, text) returns bytea
language sql volatile strict parallel safe
return pgcrypto_pgp_encrypt(
    convert_to(
        case pgcrypto_pgp_options($3) ->> 'convert-crlf'
            when '1' then regexp_replace($1, E'\r?\n', E'\r\n', 'g') else $1
        end,
        case pgcrypto_pgp_options($3) ->> 'unicode-mode'
            when '1' then 'UTF8' else getdatabaseencoding()
        end
    ),
    case pgcrypto_pgp_options($3) ->> 'unicode-mode' when '1' then 'u' else 't' end,
    convert_to($2, getdatabaseencoding()),
    pgcrypto_pgp_options($3),
    gen_random_bytes(8),
    gen_random_bytes(16)
);

create function pgp_sym_encrypt(text, text) returns bytea
language sql volatile strict parallel safe
return pgp_sym_encrypt($1, $2, '');

create function pgp_sym_decrypt_bytea(bytea, text, text) returns bytea
language sql immutable strict parallel safe
return pgcrypto_pgp_decrypt($1, convert_to($2, getdatabaseencoding()), false);

create function pgp_sym_decrypt_bytea(bytea, text) returns bytea
language sql immutable strict parallel safe
return pgp_sym_decrypt_bytea($1, $2, '');

create function pgp_sym_decrypt(bytea, text, text) returns text
language sql immutable strict parallel safe
return case pgcrypto_pgp_options($3) ->> 'convert-crlf'
    when '1' then replace(
        convert_from(
            pgcrypto_pgp_decrypt($1, convert_to($2, getdatabaseencoding()), true),
            getdatabaseencoding()
        ),
        E'\r\n',
        E'\n'
    )
    else convert_from(
        pgcrypto_pgp_decrypt($1, convert_to($2, getdatabaseencoding()), true), getdatabaseencoding()
    )
end;

create function pgp_sym_decrypt(bytea, text) returns text
language sql immutable strict parallel safe
return pgp_sym_decrypt($1, $2, '');
