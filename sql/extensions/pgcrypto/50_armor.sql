-- ASCII armor (RFC 4880, section 6): base64 with a checksum, between lines that name it.

create function pgcrypto_crc24(data bytea) returns bytea
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    crc integer := 11994318;  -- b704ce
begin
    for n in 0 .. octet_length(data) - 1 loop
        crc := crc # (get_byte(data, n) << 16);
        for bit in 1 .. 8 loop
            crc := crc << 1;
            if crc & 16777216 <> 0 then
                crc := crc # 25578747;  -- 1864cfb
            end if;
        end loop;
    end loop;
    return substring(int4send(crc) from 2);
end
$$;

create function pgcrypto_headers(keys text[], vals text[]) returns text
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
begin
    if coalesce(array_ndims(keys), 1) > 1 or coalesce(array_ndims(vals), 1) > 1 then
        raise exception 'wrong number of array subscripts' using errcode = '2202E';
    elsif cardinality(keys) <> cardinality(vals) then
        raise exception 'mismatched array dimensions' using errcode = '2202E';
    elsif num_nulls(variadic keys || vals) > 0 then
        raise exception 'null value not allowed for header key or value' using errcode = '22004';
    elsif exists (select from unnest(keys) as k where k ~ '[^\x20-\x7e]' or strpos(k, ': ') > 0)
        or exists (select from unnest(vals) as v where v ~ '[^\x20-\x7e]')
    then
        raise exception 'header key or value is not printable ASCII on one line'
            using errcode = '22023';
    end if;
    return coalesce(
        (select string_agg(h.key || ': ' || h.value || E'\n', '' order by h.n)
        from unnest(keys, vals) with ordinality as h (key, value, n)),
        ''
    );
end
$$;

create function armor(bytea, text[], text[]) returns text
language sql immutable strict parallel safe
return E'-----BEGIN PGP MESSAGE-----\n' || pgcrypto_headers($2, $3) || E'\n'
    || encode($1, 'base64') || E'\n=' || encode(pgcrypto_crc24($1), 'base64')
    || E'\n-----END PGP MESSAGE-----\n';

create function armor(bytea) returns text
language sql immutable strict parallel safe
return armor($1, '{}'::text[], '{}'::text[]);

-- The base64 between header lines and checksum, the checksum, and the header lines.
create function pgcrypto_armored(armored text) returns text[]
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
declare
    part constant text[] := regexp_match(
        replace(armored, E'\r', ''),
        '-----BEGIN PGP [A-Z ]+-----\n(([^\n]+\n)*)[ \t]*\n([A-Za-z0-9+/=\s]*?)\n=([A-Za-z0-9+/]{4})\s*\n-----END PGP [A-Z ]+-----'
    );
begin
    if part is null then
        raise exception 'Corrupt ascii-armor' using errcode = '39000';
    end if;
    return array[part[3], part[4], part[1]];
end
$$;

create function pgcrypto_checked(data bytea, sum bytea, expected text) returns bytea
language plpgsql immutable strict parallel safe
set search_path = ''
as $$
begin
    if encode(sum, 'base64') <> expected then
        raise exception 'Corrupt ascii-armor' using errcode = '39000';
    end if;
    return data;
end
$$;

create function dearmor(text) returns bytea
language sql immutable strict parallel safe
return pgcrypto_checked(
    decode((pgcrypto_armored($1))[1], 'base64'),
    pgcrypto_crc24(decode((pgcrypto_armored($1))[1], 'base64')),
    (pgcrypto_armored($1))[2]
);

create function pgp_armor_headers(text, out key text, out value text) returns setof record
language sql immutable strict parallel safe
begin atomic
    select split_part(line, ': ', 1), substr(line, strpos(line, ': ') + 2)
    from string_to_table((pgcrypto_armored($1))[3], E'\n') as line
    where line <> '';
end;
