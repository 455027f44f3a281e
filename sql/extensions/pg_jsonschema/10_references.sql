-- Where "$ref" leads: into the same document, by JSON pointer (RFC 6901) or by "$anchor".

create function @extschema@.pg_jsonschema_resolve(root jsonb, reference text) returns jsonb
language plpgsql immutable
set search_path = ''
as $$
declare
    pointer constant text := substr(reference, 2);
    path text[];
    found jsonb;
begin
    if reference !~ '^#' then
        raise exception 'pg_jsonschema is a stand-in here and reads no other document: %', reference
            using errcode = '0A000';
    end if;
    if pointer = '' then
        return root;
    elsif pointer like '/%' then
        select array_agg(replace(replace(replace(part, '%25', '%'), '~1', '/'), '~0', '~')
            order by n)
        into path
        from unnest(string_to_array(substr(pointer, 2), '/')) with ordinality as p (part, n);
        found := root #> path;
    else
        found := jsonb_path_query_first(
            root, 'lax $.** ? (@."$anchor" == $name)', jsonb_build_object('name', pointer)
        );
    end if;
    if found is null then
        raise exception 'the schema has nothing at %', reference using errcode = '22023';
    end if;
    return found;
end
$$;

create function @extschema@.pg_jsonschema_is_type(instance jsonb, type text) returns boolean
language sql immutable
return case type
    when 'integer' then jsonb_typeof(instance) = 'number'
        and instance::numeric = trunc(instance::numeric)
    else jsonb_typeof(instance) = type
end;

-- Formats are checked in drafts up to 7; from 2019-09 on they are remarks (JSON Schema validation,
-- 7.2).
create function @extschema@.pg_jsonschema_has_format(value text, format text) returns boolean
language plpgsql immutable
set search_path = ''
as $$
begin
    case format
        when 'date' then
            return value ~ '^\d{4}-\d\d-\d\d$' and value::date is not null;
        when 'time' then
            return value ~ '^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$';
        when 'date-time' then
            return value ~ '^\d{4}-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$'
                and left(value, 10)::date is not null;
        when 'email' then
            return value ~ '^[^@\s]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$';
        when 'hostname' then
            return value ~ '^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$';
        when 'ipv4' then
            return value ~ '^\d{1,3}(\.\d{1,3}){3}$' and family(value::inet) = 4;
        when 'ipv6' then
            return value ~ '^[0-9A-Fa-f:.]+$' and family(value::inet) = 6;
        when 'uri' then
            return value ~ '^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`]*$';
        when 'regex' then
            return '' ~ value is not null;
        when 'json-pointer' then
            return value ~ '^(/([^~/]|~[01])*)*$';
        else
            return true;
    end case;
exception
    when data_exception or invalid_regular_expression then
        return false;
end
$$;
