-- Random numbers and bytes, from the server's own strong random source.

create function pgsodium.randombytes_buf(size integer) returns bytea
language plpgsql volatile
set search_path = ''
as $$
declare
    bytes bytea := '';
    piece bytea;
begin
    while octet_length(bytes) < size loop
        -- Of a version 4 UUID's bytes only 6 and 8 are not random throughout.
        piece := uuid_send(gen_random_uuid());
        bytes := bytes || substring(piece from 1 for 6) || substring(piece from 8 for 1)
            || substring(piece from 10);
    end loop;
    return substring(bytes from 1 for size);
end
$$;

create function pgsodium.randombytes_random() returns integer
language sql volatile
return ('x' || encode(pgsodium.randombytes_buf(4), 'hex'))::bit(32)::integer;

create function pgsodium.randombytes_uniform(upper_bound integer) returns integer
language sql volatile
return (('x'
    || encode(pgsodium.randombytes_buf(7), 'hex'))::bit(56)::bigint % upper_bound)::integer;

create function pgsodium.randombytes_new_seed() returns bytea
language sql volatile
return pgsodium.randombytes_buf(32);
