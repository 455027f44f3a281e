-- SHA-1 (FIPS 180-4, section 6.1) of a byte string. The server has sha224 to sha512 built in, but
-- not this one.
create function @prefix@_sha1(data bytea) returns bytea
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    -- Padding: a one bit, zeroes up to 56 bytes modulo 64, the length in bits as a 64-bit number.
    message constant bytea := data || '\x80'::bytea
        || decode(repeat('00', (119 - octet_length(data) % 64) % 64), 'hex')
        || int8send(octet_length(data)::bigint * 8);
    mask constant bigint := 4294967295;
    h0 bigint := 1732584193;  -- 67452301
    h1 bigint := 4023233417;  -- efcdab89
    h2 bigint := 2562383102;  -- 98badcfe
    h3 bigint := 271733878;   -- 10325476
    h4 bigint := 3285377520;  -- c3d2e1f0
    w bigint[];
    a bigint;
    b bigint;
    c bigint;
    d bigint;
    e bigint;
    f bigint;
    k bigint;
    x bigint;
begin
    for start in 0 .. octet_length(message) - 64 by 64 loop
        w := array_fill(0::bigint, array[80]);
        for t in 0 .. 15 loop
            w[t + 1] := (get_byte(message, start + 4 * t)::bigint << 24)
                | (get_byte(message, start + 4 * t + 1) << 16)
                | (get_byte(message, start + 4 * t + 2) << 8)
                | get_byte(message, start + 4 * t + 3);
        end loop;
        for t in 17 .. 80 loop
            x := w[t - 3] # w[t - 8] # w[t - 14] # w[t - 16];
            w[t] := ((x << 1) | (x >> 31)) & mask;
        end loop;
        a := h0; b := h1; c := h2; d := h3; e := h4;
        for t in 1 .. 80 loop
            if t <= 20 then
                f := d # (b & (c # d)); k := 1518500249;         -- 5a827999
            elsif t <= 40 then
                f := b # c # d; k := 1859775393;                 -- 6ed9eba1
            elsif t <= 60 then
                f := (b & c) | (b & d) | (c & d); k := 2400959708;  -- 8f1bbcdc
            else
                f := b # c # d; k := 3395469782;                 -- ca62c1d6
            end if;
            x := ((((a << 5) | (a >> 27)) & mask) + f + e + k + w[t]) & mask;
            e := d;
            d := c;
            c := ((b << 30) | (b >> 2)) & mask;
            b := a;
            a := x;
        end loop;
        h0 := (h0 + a) & mask;
        h1 := (h1 + b) & mask;
        h2 := (h2 + c) & mask;
        h3 := (h3 + d) & mask;
        h4 := (h4 + e) & mask;
    end loop;
    return substring(int8send(h0) from 5) || substring(int8send(h1) from 5)
        || substring(int8send(h2) from 5) || substring(int8send(h3) from 5)
        || substring(int8send(h4) from 5);
end
$$;
