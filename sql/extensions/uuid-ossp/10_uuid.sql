-- RFC 4122: constants, time-based (1), random (4) and name-based (3, 5) UUIDs.
\ir ../shared/sha1.sql

create function uuid_nil() returns uuid
language sql immutable strict parallel safe
return '00000000-0000-0000-0000-000000000000'::uuid;

create function uuid_ns_dns() returns uuid
language sql immutable strict parallel safe
return '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid;

create function uuid_ns_url() returns uuid
language sql immutable strict parallel safe
return '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid;

create function uuid_ns_oid() returns uuid
language sql immutable strict parallel safe
return '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid;

create function uuid_ns_x500() returns uuid
language sql immutable strict parallel safe
return '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid;

-- Version 1: 100-nanosecond steps since 1582-10-15, a random clock sequence, and for the node a
-- random multicast address: what uuid_generate_v1mc() promises, and RFC 4122, section 4.5, allows
-- for v1, as SQL cannot see the network card.
create function uuid_ossp_time_based() returns uuid
language plpgsql volatile strict parallel safe
set search_path = ''
as $$
declare
    random constant bytea := uuid_send(gen_random_uuid());
    ticks constant bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint * 10
        + get_byte(random, 0) % 10 + 122192928000000000;
    stamp constant bytea := int8send((ticks & 1152921504606846975) | (1::bigint << 60));
    tail bytea;
begin
    -- get_byte(…, 8) already holds the variant 10; byte 10 opens the node.
    tail := substring(random from 9);
    tail := set_byte(tail, 2, get_byte(tail, 2) | 1);
    return encode(
        substring(stamp from 5 for 4) || substring(stamp from 3 for 2)
        || substring(stamp from 1 for 2) || tail,
        'hex'
    )::uuid;
end
$$;

create function uuid_generate_v1() returns uuid
language sql volatile strict parallel safe
return uuid_ossp_time_based();

create function uuid_generate_v1mc() returns uuid
language sql volatile strict parallel safe
return uuid_ossp_time_based();

-- The first 16 bytes of a hash, with version and variant written over the bits they occupy.
create function uuid_ossp_from_hash(hash bytea, version integer) returns uuid
language sql immutable strict parallel safe
return encode(
    set_byte(
        set_byte(
            substring(hash from 1 for 16), 6, (get_byte(hash, 6) & 15) | (version << 4)
        ),
        8,
        (get_byte(hash, 8) & 63) | 128
    ),
    'hex'
)::uuid;

create function uuid_generate_v3(namespace uuid, name text) returns uuid
language sql immutable strict parallel safe
return uuid_ossp_from_hash(
    decode(md5(uuid_send(namespace) || convert_to(name, getdatabaseencoding())), 'hex'), 3
);

create function uuid_generate_v4() returns uuid
language sql volatile strict parallel safe
return pg_catalog.gen_random_uuid();

create function uuid_generate_v5(namespace uuid, name text) returns uuid
language sql immutable strict parallel safe
return uuid_ossp_from_hash(
    uuid_ossp_sha1(uuid_send(namespace) || convert_to(name, getdatabaseencoding())), 5
);
