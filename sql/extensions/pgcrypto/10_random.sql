-- Random bytes and UUIDs, from the server's own strong random source.
create function gen_random_bytes(integer) returns bytea
language plpgsql volatile strict parallel safe
set search_path = ''
as $$
declare
    bytes bytea := '';
    piece bytea;
begin
    if $1 < 1 or $1 > 1024 then
        raise exception 'Length not in range' using errcode = '39000';
    end if;
    while octet_length(bytes) < $1 loop
        -- A version 4 UUID is random but for bytes 6 and 8, which hold version and variant.
        piece := uuid_send(gen_random_uuid());
        bytes := bytes || substring(piece from 1 for 6) || substring(piece from 8 for 1)
            || substring(piece from 10);
    end loop;
    return substring(bytes from 1 for $1);
end
$$;

create function gen_random_uuid() returns uuid
language sql volatile parallel safe
return pg_catalog.gen_random_uuid();
