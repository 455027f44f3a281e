-- Numbers to text and back. A negative number is what its bits are as an unsigned one.

create function @extschema@.hashids_written(number numeric, digits text) returns text
language plpgsql immutable
as $$
declare
    base constant integer := pg_catalog.length(digits);
    rest numeric := number;
    written text := '';
begin
    loop
        written := pg_catalog.substr(digits, (rest % base)::integer + 1, 1) || written;
        rest := pg_catalog.div(rest, base);
        exit when rest = 0;
    end loop;
    return written;
end
$$;

create function @extschema@.id_encode(
    numbers bigint[], salt text, min_length integer, alphabet text
) returns text
language plpgsql immutable
as $$
declare
    alphabets record := @extschema@.hashids_alphabets(salt, alphabet);
    digits text := alphabets.digits;
    base constant integer := pg_catalog.length(digits);
    unsigned numeric[];
    mark numeric := 0;
    lottery text;
    encoded text;
    last text;
    half constant integer := base / 2;
    excess integer;
begin
    select pg_catalog.array_agg(
        case when n.number < 0 then n.number + 18446744073709551616 else n.number::numeric end
        order by n.place
    )
    into unsigned
    from pg_catalog.unnest(numbers) with ordinality as n (number, place);
    if unsigned is null then
        return '';
    end if;
    for at in 1 .. pg_catalog.cardinality(unsigned) loop
        mark := mark + unsigned[at] % (at + 99);
    end loop;
    lottery := pg_catalog.substr(digits, (mark % base)::integer + 1, 1);
    encoded := lottery;
    for at in 1 .. pg_catalog.cardinality(unsigned) loop
        digits := @extschema@.hashids_shuffled(
            digits, pg_catalog.left(lottery || salt || digits, base)
        );
        last := @extschema@.hashids_written(unsigned[at], digits);
        encoded := encoded || last;
        if at < pg_catalog.cardinality(unsigned) then
            encoded := encoded || pg_catalog.substr(
                alphabets.separators,
                (
                    unsigned[at] % (pg_catalog.ascii(last) + at - 1)
                    % pg_catalog.length(alphabets.separators)
                )::integer + 1,
                1
            );
        end if;
    end loop;
    if pg_catalog.length(encoded) < min_length then
        encoded := pg_catalog.substr(
            alphabets.guards,
            ((mark + pg_catalog.ascii(encoded)) % pg_catalog.length(alphabets.guards))::integer + 1,
            1
        ) || encoded;
    end if;
    if pg_catalog.length(encoded) < min_length then
        encoded := encoded || pg_catalog.substr(
            alphabets.guards,
            (
                (mark + pg_catalog.ascii(pg_catalog.substr(encoded, 3, 1)))
                % pg_catalog.length(alphabets.guards)
            )::integer + 1,
            1
        );
    end if;
    while pg_catalog.length(encoded) < min_length loop
        digits := @extschema@.hashids_shuffled(digits, digits);
        encoded := pg_catalog.substr(digits, half + 1) || encoded || pg_catalog.left(digits, half);
        excess := pg_catalog.length(encoded) - min_length;
        if excess > 0 then
            encoded := pg_catalog.substr(encoded, excess / 2 + 1, min_length);
        end if;
    end loop;
    return encoded;
end
$$;

-- No number, where the text was not made with this salt and alphabet.
create function @extschema@.id_decode(
    hash text, salt text, min_length integer, alphabet text
) returns bigint[]
language plpgsql immutable
as $$
declare
    alphabets record := @extschema@.hashids_alphabets(salt, alphabet);
    digits text := alphabets.digits;
    base constant integer := pg_catalog.length(digits);
    parts text[] := pg_catalog.string_to_array(
        pg_catalog.translate(
            hash, alphabets.guards, pg_catalog.repeat(' ', pg_catalog.length(alphabets.guards))
        ),
        ' '
    );
    body text := parts[case when pg_catalog.cardinality(parts) in (2, 3) then 2 else 1 end];
    lottery constant text := pg_catalog.left(body, 1);
    written text;
    number numeric;
    decoded bigint[] := '{}';
begin
    if coalesce(body, '') = '' then
        return decoded;
    end if;
    foreach written in array pg_catalog.string_to_array(
        pg_catalog.translate(
            pg_catalog.substr(body, 2),
            alphabets.separators,
            pg_catalog.repeat(' ', pg_catalog.length(alphabets.separators))
        ),
        ' '
    ) loop
        digits := @extschema@.hashids_shuffled(
            digits, pg_catalog.left(lottery || salt || digits, base)
        );
        number := 0;
        for at in 1 .. pg_catalog.length(written) loop
            if pg_catalog.strpos(digits, pg_catalog.substr(written, at, 1)) = 0 then
                return '{}';
            end if;
            number := number * base
                + pg_catalog.strpos(digits, pg_catalog.substr(written, at, 1)) - 1;
        end loop;
        if number >= 18446744073709551616 then
            return '{}';
        end if;
        decoded := decoded || (
            case when number > 9223372036854775807 then number - 18446744073709551616 else number end
        )::bigint;
    end loop;
    if @extschema@.id_encode(decoded, salt, min_length, alphabet) <> hash then
        return '{}';
    end if;
    return decoded;
end
$$;

create function @extschema@.id_decode_once(
    hash text, salt text, min_length integer, alphabet text
) returns bigint
language sql immutable strict
as $$
    select (@extschema@.id_decode($1, $2, $3, $4))[1]
$$;
