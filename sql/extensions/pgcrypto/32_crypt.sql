-- crypt() and gen_salt(): one front for bcrypt, MD5 and DES password hashes.

-- MD5-based crypt ('$1$…', Poul-Henning Kamp, FreeBSD 2.0): a thousand rounds of MD5.
create function pgcrypto_crypt_md5(password bytea, setting text) returns text
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    alphabet constant text := './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    salt constant text := substr(split_part(setting, '$', 3), 1, 8);
    salt_bytes constant bytea := convert_to(salt, getdatabaseencoding());
    size constant integer := octet_length(password);
    mixed bytea;
    state bytea;
    bits integer;
    hash text := '';
begin
    mixed := decode(md5(password || salt_bytes || password), 'hex');
    state := password || '$1$'::bytea || salt_bytes;
    for i in 0 .. size - 1 loop
        state := state || substring(mixed from i % 16 + 1 for 1);
    end loop;
    bits := size;
    while bits > 0 loop
        state := state || case when bits & 1 = 1 then '\x00'::bytea
            else substring(password from 1 for 1) end;
        bits := bits >> 1;
    end loop;
    mixed := decode(md5(state), 'hex');
    for turn in 0 .. 999 loop
        state := case when turn % 2 = 1 then password else mixed end;
        if turn % 3 <> 0 then
            state := state || salt_bytes;
        end if;
        if turn % 7 <> 0 then
            state := state || password;
        end if;
        mixed := decode(md5(state || case when turn % 2 = 1 then mixed else password end), 'hex');
    end loop;
    -- The digest's bytes, three at a time in this odd order, as four characters of six bits each.
    for i in 0 .. 4 loop
        bits := (get_byte(mixed, i) << 16) | (get_byte(mixed, i + 6) << 8)
            | get_byte(mixed, case i when 4 then 5 else i + 12 end);
        for character in 1 .. 4 loop
            hash := hash || substr(alphabet, (bits & 63) + 1, 1);
            bits := bits >> 6;
        end loop;
    end loop;
    bits := get_byte(mixed, 11);
    hash := hash || substr(alphabet, (bits & 63) + 1, 1) || substr(alphabet, (bits >> 6) + 1, 1);
    return '$1$' || salt || '$' || hash;
end
$$;

-- The prefix $2$ was never supported: pgcrypto reports it in these words.
create function pgcrypto_crypt_unsupported(setting text) returns text
language plpgsql immutable parallel safe
set search_path = ''
as $$
begin
    raise exception 'crypt(3) returned NULL' using errcode = '39000';
end
$$;

-- As in pgcrypto, $2b$ and $2y$ are not bcrypt prefixes: they fall through to DES and match
-- nothing.
create function crypt(text, text) returns text
language sql immutable strict parallel safe
return case
    when starts_with($2, '$2a$') or starts_with($2, '$2x$')
        then pgcrypto_crypt_bf(
            convert_to($1, getdatabaseencoding()), $2, pgcrypto_blowfish_boxes()
        )
    when starts_with($2, '$2$') then pgcrypto_crypt_unsupported($2)
    when starts_with($2, '$1$')
        then pgcrypto_crypt_md5(convert_to($1, getdatabaseencoding()), $2)
    else pgcrypto_crypt_des(convert_to($1, getdatabaseencoding()), $2)
end;

create function pgcrypto_gen_salt(algorithm text, rounds integer, random bytea) returns text
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    alphabet constant text := './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    standard constant text := 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    bcrypt constant text := './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    name constant text := lower(algorithm);
    random_text constant text := translate(encode(random, 'base64'), standard, alphabet);
    count integer := rounds;
begin
    if name not in ('des', 'md5', 'xdes', 'bf') then
        raise exception 'gen_salt: Unknown salt algorithm' using errcode = '22023';
    end if;
    if count = 0 then
        count := case name when 'des' then 25 when 'md5' then 1000 when 'xdes' then 725 else 6 end;
    end if;
    if name = 'des' and count <> 25
        or name = 'md5' and count <> 1000
        or name = 'xdes' and (count not between 1 and 16777215 or count % 2 = 0)
        or name = 'bf' and count not between 4 and 31
    then
        raise exception 'gen_salt: Incorrect number of rounds' using errcode = '22023';
    end if;
    return case name
        when 'des' then substr(random_text, 1, 2)
        when 'md5' then '$1$' || substr(random_text, 1, 8)
        when 'xdes' then '_' || (
            select string_agg(substr(alphabet, ((count >> 6 * n) & 63) + 1, 1), '' order by n)
            from generate_series(0, 3) as n
        ) || substr(random_text, 1, 4)
        -- 128 bits leave four unused bits in the last of 22 characters.
        else '$2a$' || lpad(count::text, 2, '0') || '$' || substr(
            translate(encode(random, 'base64'), standard, bcrypt), 1, 22
        )
    end;
end
$$;

create function gen_salt(text, integer) returns text
language sql volatile strict parallel safe
return pgcrypto_gen_salt($1, $2, gen_random_bytes(16));

create function gen_salt(text) returns text
language sql volatile strict parallel safe
return pgcrypto_gen_salt($1, 0, gen_random_bytes(16));
