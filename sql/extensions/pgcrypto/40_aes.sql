-- AES (FIPS 197) in the modes ECB, CBC and CFB (NIST SP 800-38A), over a whole message.

-- The message must be whole blocks in ECB and CBC; CFB takes any length.
create function pgcrypto_aes(
    data bytea, key bytea, iv bytea, mode text, encrypting boolean
) returns bytea
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    box constant bytea := decode(
        '637c777bf26b6fc53001672bfed7ab76ca82c97dfa5947f0add4a2af9ca472c0'
            || 'b7fd9326363ff7cc34a5e5f171d8311504c723c31896059a071280e2eb27b275'
            || '09832c1a1b6e5aa0523bd6b329e32f8453d100ed20fcb15b6acbbe394a4c58cf'
            || 'd0efaafb434d338545f9027f503c9fa851a3408f929d38f5bcb6da2110fff3d2'
            || 'cd0c13ec5f974417c4a77e3d645d197360814fdc222a908846eeb814de5e0bdb'
            || 'e0323a0a4906245cc2d3ac629195e479e7c8376d8dd54ea96c56f4ea657aae08'
            || 'ba78252e1ca6b4c6e8dd741f4bbd8b8a703eb5664803f60e613557b986c11d9e'
            || 'e1f8981169d98e949b1e87e9ce5528df8ca1890dbfe6426841992d0fb054bb16',
        'hex'
    );
    words constant integer := octet_length(key) / 4;
    rounds constant integer := words + 6;
    -- CFB uses the cipher in one direction for both.
    inverse constant boolean := not encrypting and mode <> 'cfb';
    s integer[];
    -- The substitution, and its combination with the column mixing: 4 x 256 words.
    f integer[];
    t bigint[];
    w bigint[];
    x bigint;
    factor integer := 1;
    doubled integer[];
    k integer;
    a bigint;
    b bigint;
    c bigint;
    d bigint;
    e bigint;
    g bigint;
    h bigint;
    chain bytea := iv;
    block bytea;
    turned bytea;
    result bytea := '';
begin
    select array_agg(get_byte(box, n) order by n) into s from generate_series(0, 255) as n;
    select array_agg(((n << 1) # case when n > 127 then 283 else 0 end) order by n)
    into doubled from generate_series(0, 255) as n;

    -- The key schedule.
    for n in 0 .. words - 1 loop
        w[n + 1] := (get_byte(key, 4 * n)::bigint << 24) | (get_byte(key, 4 * n + 1) << 16)
            | (get_byte(key, 4 * n + 2) << 8) | get_byte(key, 4 * n + 3);
    end loop;
    for n in words .. 4 * rounds + 3 loop
        x := w[n];
        if n % words = 0 then
            x := (s[((x >> 16) & 255) + 1]::bigint << 24) | (s[((x >> 8) & 255) + 1] << 16)
                | (s[(x & 255) + 1] << 8) | s[(x >> 24) + 1];
            x := x # (factor::bigint << 24);
            factor := doubled[factor + 1];
        elsif words > 6 and n % words = 4 then
            x := (s[(x >> 24) + 1]::bigint << 24) | (s[((x >> 16) & 255) + 1] << 16)
                | (s[((x >> 8) & 255) + 1] << 8) | s[(x & 255) + 1];
        end if;
        w[n + 1] := w[n - words + 1] # x;
    end loop;

    if inverse then
        select array_agg(n order by s[n + 1]) into f from generate_series(0, 255) as n;
        -- 14, 9, 13 and 11 times, put together from 2, 4 and 8 times.
        select array_agg(
            ((m8 # m4 # m2)::bigint << 24) | ((m8 # v) << 16) | ((m8 # m4 # v) << 8)
                | (m8 # m2 # v) order by n
        ) into t from (
            select
                n, f[n + 1] as v, doubled[f[n + 1] + 1] as m2,
                    doubled[doubled[f[n + 1] + 1] + 1] as m4,
                doubled[doubled[doubled[f[n + 1] + 1] + 1] + 1] as m8
            from generate_series(0, 255) as n
        ) as multiples;
    else
        f := s;
        select array_agg(
            (doubled[s[n + 1] + 1]::bigint << 24) | (s[n + 1] << 16) | (s[n + 1] << 8)
            | (doubled[s[n + 1] + 1] # s[n + 1]) order by n
        ) into t from generate_series(0, 255) as n;
    end if;
    select array_agg(
        ((t[n % 256 + 1] >> 8 * (n / 256)) | (t[n % 256 + 1] << 32 - 8 * (n / 256))) & 4294967295
            order by n
    ) into t from generate_series(0, 1023) as n;
    if inverse then
        -- The equivalent inverse cipher: the round keys backwards, all but the outermost mixed.
        for n in 4 .. 4 * rounds - 1 loop
            x := w[n + 1];
            w[n + 1] := t[s[(x >> 24) + 1] + 1] # t[s[((x >> 16) & 255) + 1] + 257]
                # t[s[((x >> 8) & 255) + 1] + 513] # t[s[(x & 255) + 1] + 769];
        end loop;
        select array_agg(w[4 * (rounds - n / 4) + n % 4 + 1] order by n)
        into w from generate_series(0, 4 * rounds + 3) as n;
    end if;

    for start in 1 .. octet_length(data) by 16 loop
        block := substring(data from start for 16);
        turned := case
            when mode = 'cfb' then chain
            when mode = 'ecb' or inverse then block
            else int8send(
                ('x' || encode(substring(block from 1 for 8), 'hex'))::bit(64)::bigint
                # ('x' || encode(substring(chain from 1 for 8), 'hex'))::bit(64)::bigint
            ) || int8send(
                ('x' || encode(substring(block from 9), 'hex'))::bit(64)::bigint
                # ('x' || encode(substring(chain from 9), 'hex'))::bit(64)::bigint
            )
        end;
        x := ('x' || encode(substring(turned from 1 for 8), 'hex'))::bit(64)::bigint;
        a := ((x >> 32) & 4294967295) # w[1];
        b := (x & 4294967295) # w[2];
        x := ('x' || encode(substring(turned from 9), 'hex'))::bit(64)::bigint;
        c := ((x >> 32) & 4294967295) # w[3];
        d := (x & 4294967295) # w[4];
        k := 4;
        for round in 2 .. rounds loop
            if inverse then
                e := t[(a >> 24) + 1] # t[((d >> 16) & 255) + 257] # t[((c >> 8) & 255) + 513]
                    # t[(b & 255) + 769] # w[k + 1];
                g := t[(b >> 24) + 1] # t[((a >> 16) & 255) + 257] # t[((d >> 8) & 255) + 513]
                    # t[(c & 255) + 769] # w[k + 2];
                h := t[(c >> 24) + 1] # t[((b >> 16) & 255) + 257] # t[((a >> 8) & 255) + 513]
                    # t[(d & 255) + 769] # w[k + 3];
                d := t[(d >> 24) + 1] # t[((c >> 16) & 255) + 257] # t[((b >> 8) & 255) + 513]
                    # t[(a & 255) + 769] # w[k + 4];
            else
                e := t[(a >> 24) + 1] # t[((b >> 16) & 255) + 257] # t[((c >> 8) & 255) + 513]
                    # t[(d & 255) + 769] # w[k + 1];
                g := t[(b >> 24) + 1] # t[((c >> 16) & 255) + 257] # t[((d >> 8) & 255) + 513]
                    # t[(a & 255) + 769] # w[k + 2];
                h := t[(c >> 24) + 1] # t[((d >> 16) & 255) + 257] # t[((a >> 8) & 255) + 513]
                    # t[(b & 255) + 769] # w[k + 3];
                d := t[(d >> 24) + 1] # t[((a >> 16) & 255) + 257] # t[((b >> 8) & 255) + 513]
                    # t[(c & 255) + 769] # w[k + 4];
            end if;
            a := e;
            b := g;
            c := h;
            k := k + 4;
        end loop;
        if inverse then
            -- Shifting rows the other way is the same with b and d exchanged in what follows.
            e := (f[(a >> 24) + 1]::bigint << 24) | (f[((d >> 16) & 255) + 1] << 16)
                | (f[((c >> 8) & 255) + 1] << 8) | f[(b & 255) + 1];
            g := (f[(b >> 24) + 1]::bigint << 24) | (f[((a >> 16) & 255) + 1] << 16)
                | (f[((d >> 8) & 255) + 1] << 8) | f[(c & 255) + 1];
            h := (f[(c >> 24) + 1]::bigint << 24) | (f[((b >> 16) & 255) + 1] << 16)
                | (f[((a >> 8) & 255) + 1] << 8) | f[(d & 255) + 1];
            x := (f[(d >> 24) + 1]::bigint << 24) | (f[((c >> 16) & 255) + 1] << 16)
                | (f[((b >> 8) & 255) + 1] << 8) | f[(a & 255) + 1];
        else
            e := (f[(a >> 24) + 1]::bigint << 24) | (f[((b >> 16) & 255) + 1] << 16)
                | (f[((c >> 8) & 255) + 1] << 8) | f[(d & 255) + 1];
            g := (f[(b >> 24) + 1]::bigint << 24) | (f[((c >> 16) & 255) + 1] << 16)
                | (f[((d >> 8) & 255) + 1] << 8) | f[(a & 255) + 1];
            h := (f[(c >> 24) + 1]::bigint << 24) | (f[((d >> 16) & 255) + 1] << 16)
                | (f[((a >> 8) & 255) + 1] << 8) | f[(b & 255) + 1];
            x := (f[(d >> 24) + 1]::bigint << 24) | (f[((a >> 16) & 255) + 1] << 16)
                | (f[((b >> 8) & 255) + 1] << 8) | f[(c & 255) + 1];
        end if;
        turned := substring(int8send(e # w[k + 1]) from 5)
            || substring(int8send(g # w[k + 2]) from 5)
            || substring(int8send(h # w[k + 3]) from 5) || substring(int8send(x # w[k + 4]) from 5);
        if mode = 'cfb' or mode = 'cbc' and inverse then
            -- What the cipher made, XORed with the message (CFB) or with the block before (CBC).
            e := ('x' || encode(substring(turned from 1 for 8), 'hex'))::bit(64)::bigint;
            g := ('x' || encode(substring(turned from 9), 'hex'))::bit(64)::bigint;
            turned := case when mode = 'cfb' then block
                || decode(repeat('00', 16 - octet_length(block)), 'hex') else chain end;
            turned := substring(
                int8send(e
                    # ('x' || encode(substring(turned from 1 for 8), 'hex'))::bit(64)::bigint)
                || int8send(g # ('x' || encode(substring(turned from 9), 'hex'))::bit(64)::bigint)
                from 1 for octet_length(block)
            );
        end if;
        chain := case when encrypting then turned else block end;
        result := result || turned;
    end loop;
    return result;
end
$$;
