-- encrypt() and decrypt(): AES with PKCS padding or none. Blowfish, CAST5 and DES are refused, as
-- they are on Supabase, whose OpenSSL no longer offers them.

-- 'aes', 'aes-cbc', 'aes-ecb/pad:none' … as {algorithm, mode, padding}.
create function pgcrypto_cipher(type text) returns text[]
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    part constant text[] :=
        regexp_match(lower(type), '^([a-z0-9]+)(?:-([a-z]+))?(?:/pad:([a-z]+))?$');
begin
    if part is null
        or part[1] not in ('aes', 'rijndael', 'bf', 'blowfish', 'cast5', 'des', '3des', 'des3')
        or part[2] not in ('cbc', 'ecb') or part[3] not in ('pkcs', 'none')
    then
        raise exception 'Cannot use "%": No such cipher algorithm', type using errcode = '22023';
    elsif part[1] in ('3des', 'des3') then
        raise exception 'triple DES is not available: pgcrypto is a stand-in here' using
            errcode = '0A000', hint = 'Use aes, or a server that has the extension.';
    elsif part[1] not in ('aes', 'rijndael') then
        raise exception 'encrypt error: Cipher cannot be initialized' using errcode = '39000';
    end if;
    return array['aes', coalesce(part[2], 'cbc'), coalesce(part[3], 'pkcs')];
end
$$;

-- A key, filled up with zeroes to 16, 24 or 32 bytes.
create function pgcrypto_cipher_key(key bytea) returns bytea
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
begin
    if octet_length(key) > 32 then
        raise exception 'encrypt error: Key was too big' using errcode = '39000';
    end if;
    return key || decode(
        repeat('00', greatest(16, (octet_length(key) + 7) / 8 * 8) - octet_length(key)), 'hex'
    );
end
$$;

-- A message filled up to whole blocks (PKCS #7), or found to be whole already.
create function pgcrypto_pad(data bytea, padding text) returns bytea
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    missing constant integer := 16 - octet_length(data) % 16;
begin
    if padding = 'pkcs' then
        return data || decode(repeat(lpad(to_hex(missing), 2, '0'), missing), 'hex');
    elsif missing <> 16 then
        raise exception 'encrypt error: Data not a multiple of block size' using errcode = '39000';
    end if;
    return data;
end
$$;

create function pgcrypto_unpad(data bytea, padding text) returns bytea
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    size constant integer := octet_length(data);
    filled integer;
begin
    if padding = 'none' or size = 0 then
        return data;
    end if;
    filled := get_byte(data, size - 1);
    if filled not between 1 and 16
        or substring(data from size - filled + 1)
        <> decode(repeat(lpad(to_hex(filled), 2, '0'), filled), 'hex')
    then
        raise exception 'decrypt error: Decryption failed' using errcode = '39000';
    end if;
    return substring(data from 1 for size - filled);
end
$$;

create function pgcrypto_whole(data bytea) returns bytea
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
begin
    if octet_length(data) % 16 <> 0 then
        raise exception 'decrypt error: Data not a multiple of block size' using errcode = '39000';
    end if;
    return data;
end
$$;

create function pgcrypto_cipher_iv(iv bytea) returns bytea
language sql immutable strict parallel safe
return substring(iv || '\x00000000000000000000000000000000'::bytea from 1 for 16);

create function encrypt_iv(bytea, bytea, bytea, text) returns bytea
language sql immutable strict parallel safe
return pgcrypto_aes(
    pgcrypto_pad($1, (pgcrypto_cipher($4))[3]),
    pgcrypto_cipher_key($2),
    pgcrypto_cipher_iv($3),
    (pgcrypto_cipher($4))[2],
    true
);

create function decrypt_iv(bytea, bytea, bytea, text) returns bytea
language sql immutable strict parallel safe
return pgcrypto_unpad(
    pgcrypto_aes(
        pgcrypto_whole($1),
        pgcrypto_cipher_key($2),
        pgcrypto_cipher_iv($3),
        (pgcrypto_cipher($4))[2],
        false
    ),
    (pgcrypto_cipher($4))[3]
);

create function encrypt(bytea, bytea, text) returns bytea
language sql immutable strict parallel safe
return encrypt_iv($1, $2, ''::bytea, $3);

create function decrypt(bytea, bytea, text) returns bytea
language sql immutable strict parallel safe
return decrypt_iv($1, $2, ''::bytea, $3);
