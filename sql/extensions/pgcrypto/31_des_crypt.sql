-- The oldest password hashes: crypt(3) over DES, traditional ('ab…') and extended ('_…').

-- DES is FIPS 46-3; the salt swaps bits of the expansion's two halves. A key longer than eight
-- characters counts in the extended form only: the key so far is encrypted with itself, then XORed
-- with the next eight.
create function pgcrypto_crypt_des(password bytea, setting text) returns text
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    alphabet constant text := './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    -- The eight substitution boxes, in the order of their six input bits.
    boxes constant text := ''
            || 'e04fd7142ef2bd813aa66ccb599503784f1ce882d46921b7f5cb937e3aa0560d'
            || 'f31d84e76fb2384e9c7021dac6095ba50de87ab1a34fd4125b86c76c90352ef9'
            || 'ad0790e96334f65a12d8c57ebc4b2f81d16a4d9086f93807b41f2ec35ba5e27c'
            || '7dd8eb35066f90a31427825cb1ca4ef9a36f9006cab17dd8f91435eb5c27824e'
            || '2ecb421c74a7bd6185503ffad309e8964b281cb7a1de728df69fc0596a3405e3'
            || 'ca1fa4f2972c698506d13d4ee07b53b894e3f25c2985cf3a7b0e41a716d0b86d'
            || '4db02be7f40981da3ec3957c52af6816164bbdd8c1347ae7a9f5608f0e52932c'
            || 'd12f8d486af3b714ac9536eb500ec97272b14e1794cae82d0f6ca9d0f335568b';
    permutation constant integer[] := '{
        16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
        2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25
    }';
    initial constant integer[] := '{
        58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4,
        62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
        57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3,
        61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7
    }';
    final constant integer[] := '{
        40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31,
        38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21, 61, 29,
        36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27,
        34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9, 49, 17, 57, 25
    }';
    choice_1 constant integer[] := '{
        57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2,
        59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36, 63, 55, 47, 39,
        31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37,
        29, 21, 13, 5, 28, 20, 12, 4
    }';
    choice_2 constant integer[] := '{
        14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4,
        26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30, 40,
        51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32
    }';
    extended constant boolean := setting like '\_%';
    -- The boxes and the permutation in one step: 8 x 64 words of 32 bits.
    sp bigint[];
    key bytea;
    rest bytea := '';
    key_bits text;
    round_keys bigint[];
    rounds integer := 25;
    salt integer := 0;
    swapped bigint := 0;
    repeats integer;
    block bit(64);
    l bigint;
    r bigint;
    e bigint;
    x bigint;
    u bigint;
    v bigint;
begin
    if extended and setting !~ '^_[./0-9A-Za-z]{8}' or length(setting) < 2 then
        raise exception 'invalid salt' using errcode = '22023';
    end if;
    if extended then
        rounds := 0;
        for i in 0 .. 3 loop
            rounds := rounds | ((strpos(alphabet, substr(setting, 2 + i, 1)) - 1) << 6 * i);
            salt := salt | ((strpos(alphabet, substr(setting, 6 + i, 1)) - 1) << 6 * i);
        end loop;
    else
        salt := greatest(strpos(alphabet, substr(setting, 1, 1)) - 1, 0)
            | (greatest(strpos(alphabet, substr(setting, 2, 1)) - 1, 0) << 6);
    end if;
    select array_agg(
        (
            select sum(
                case when nibble & (8 >> (source - 1) % 4) <> 0
                    then 1::bigint << (32 - target)::integer else 0 end
            )
            from unnest(permutation) with ordinality as t (source, target)
            where (source - 1) / 4 = n / 64
        )::bigint order by n
    ) into sp
    from (
        select n, ('x'
            || substr(boxes, n + 1, 1))::bit(4)::integer as nibble from generate_series(0, 511) as n
    ) as entries;

    key := substring(password || decode(repeat('00', 8), 'hex') from 1 for 8);
    for i in 0 .. 7 loop
        key := set_byte(key, i, (get_byte(key, i) << 1) & 255);
    end loop;
    if extended then
        rest := substring(password from 9);
    end if;
    loop
        key_bits := ('x' || encode(key, 'hex'))::bit(64)::text;
        key_bits := (select string_agg(substr(key_bits, i, 1), '' order by n)
            from unnest(choice_1) with ordinality as t (i, n));
        round_keys := '{}';
        for n in 1 .. 16 loop
            repeats := case when n in (1, 2, 9, 16) then 1 else 2 end;
            key_bits := substr(key_bits, 1 + repeats, 28 - repeats) || substr(key_bits, 1, repeats)
                || substr(key_bits, 29 + repeats, 28 - repeats) || substr(key_bits, 29, repeats);
            round_keys[n] := (select string_agg(substr(key_bits, i, 1), '' order by k)
                from unnest(choice_2) with ordinality as t (i, k))::bit(48)::bigint;
        end loop;
        if rest = '' then
            repeats := rounds;
            block := repeat('0', 64)::bit(64);
            for i in 0 .. 23 loop
                if salt & (1 << i) <> 0 then
                    swapped := swapped | (8388608 >> i);
                end if;
            end loop;
        else
            repeats := 1;
            block := ('x' || encode(key, 'hex'))::bit(64);
        end if;
        key_bits := block::text;
        key_bits := (select string_agg(substr(key_bits, i, 1), '' order by n)
            from unnest(initial) with ordinality as t (i, n));
        l := substr(key_bits, 1, 32)::bit(32)::bigint & 4294967295;
        r := substr(key_bits, 33, 32)::bit(32)::bigint & 4294967295;
        for turn in 1 .. repeats loop
            for n in 1 .. 16 loop
                -- Every group of four bits, with the neighbour on either side: e holds bit 32, 1
                -- to 32, 1.
                e := ((r & 1) << 33) | (r << 1) | (r >> 31);
                u := (((e >> 28) & 63) << 18) | (((e >> 24) & 63) << 12)
                    | (((e >> 20) & 63) << 6) | ((e >> 16) & 63);
                v := (((e >> 12) & 63) << 18) | (((e >> 8) & 63) << 12)
                    | (((e >> 4) & 63) << 6) | (e & 63);
                x := (u # v) & swapped;
                u := u # x # (round_keys[n] >> 24);
                v := v # x # (round_keys[n] & 16777215);
                x := sp[(u >> 18) + 1] | sp[((u >> 12) & 63) + 65]
                    | sp[((u >> 6) & 63) + 129] | sp[(u & 63) + 193]
                    | sp[(v >> 18) + 257] | sp[((v >> 12) & 63) + 321]
                    | sp[((v >> 6) & 63) + 385] | sp[(v & 63) + 449];
                x := l # x;
                l := r;
                r := x;
            end loop;
            x := l;
            l := r;
            r := x;
        end loop;
        key_bits := l::bit(32)::text || r::bit(32)::text;
        key_bits := (select string_agg(substr(key_bits, i, 1), '' order by n)
            from unnest(final) with ordinality as t (i, n));
        exit when rest = '';
        key := decode(lpad(to_hex(key_bits::bit(64)::bigint), 16, '0'), 'hex');
        for i in 0 .. least(octet_length(rest), 8) - 1 loop
            key := set_byte(key, i, get_byte(key, i) # ((get_byte(rest, i) << 1) & 255));
        end loop;
        rest := substring(rest from 9);
    end loop;
    return substr(setting, 1, case when extended then 9 else 2 end) || (
        select string_agg(
            substr(alphabet, substr(key_bits || '00', 6 * n + 1, 6)::bit(6)::integer + 1, 1), ''
                order by n
        ) from generate_series(0, 10) as n
    );
end
$$;
