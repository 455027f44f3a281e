-- Whether a schema is one, and the extension's four functions.

-- The first thing that is wrong with a schema itself, or null.
create function @extschema@.pg_jsonschema_defect(schema jsonb) returns text
language plpgsql immutable
set search_path = ''
as $$
declare
    keyword text;
    given jsonb;
    kind text;
    part jsonb;
    defect text;
begin
    if jsonb_typeof(schema) = 'boolean' then
        return null;
    elsif jsonb_typeof(schema) <> 'object' then
        return format('%s is not of types "boolean", "object"', schema);
    end if;
    for keyword, given in select e.key, e.value from jsonb_each(schema) as e loop
        kind := jsonb_typeof(given);
        defect := case
            when keyword = 'type' and not (
                case kind when 'array' then given else jsonb_build_array(given) end
                <@ '["array", "boolean", "integer", "null", "number", "object", "string"]'
            ) then format('%s is not valid under any of the schemas listed in the ''anyOf'' keyword', given)
            when keyword in (
                'minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties',
                'minContains', 'maxContains'
            ) and not (@extschema@.pg_jsonschema_is_type(given, 'integer') and given >= '0')
                then format('%s is not a non-negative integer (%s)', given, keyword)
            when keyword in ('minimum', 'maximum', 'multipleOf') and kind <> 'number'
                then format('%s is not of type "number"', given)
            when keyword = 'multipleOf' and given <= '0'
                then format('%s is less than or equal to the minimum of 0', given)
            when keyword in ('pattern', '$ref', '$anchor', 'format', 'title', 'description')
                and kind <> 'string'
                then format('%s is not of type "string"', given)
            when keyword in ('allOf', 'anyOf', 'oneOf') and kind <> 'array'
                or keyword in ('enum', 'prefixItems') and kind <> 'array'
                then format('%s is not of type "array"', given)
            when keyword in ('allOf', 'anyOf', 'oneOf') and given = '[]'
                then '[] has less than 1 item'
            when keyword = 'required' and kind not in ('array', 'boolean')
                then format('%s is not of type "array"', given)
            when keyword in (
                'properties', 'patternProperties', 'definitions', '$defs', 'dependencies',
                'dependentRequired', 'dependentSchemas'
            ) and kind <> 'object' then format('%s is not of type "object"', given)
        end;
        if defect is not null then
            return defect;
        end if;
        for part in
            select given where keyword in (
                'additionalItems', 'additionalProperties', 'contains', 'else', 'if', 'not',
                'propertyNames', 'then'
            ) or keyword = 'items' and kind <> 'array'
            union all
            select a.value
            from jsonb_array_elements(case kind when 'array' then given else '[]' end) as a
            where keyword in ('allOf', 'anyOf', 'oneOf', 'prefixItems', 'items')
            union all
            select o.value
            from jsonb_each(case kind when 'object' then given else '{}' end) as o
            where keyword in ('properties', 'patternProperties', 'definitions', '$defs',
                'dependentSchemas')
        loop
            defect := @extschema@.pg_jsonschema_defect(part);
            if defect is not null then
                return defect;
            end if;
        end loop;
    end loop;
    return null;
end
$$;

create function @extschema@.pg_jsonschema_validate(schema jsonb, instance jsonb) returns text[]
language plpgsql immutable
set search_path = ''
as $$
declare
    defect constant text := @extschema@.pg_jsonschema_defect(schema);
begin
    if defect is not null then
        raise exception 'the JSON schema is not valid: %', defect using errcode = '22023';
    end if;
    return @extschema@.pg_jsonschema_errors(
        schema, schema, instance, coalesce(schema ->> '$schema' ~ 'draft-0[3467]', false)
    );
end
$$;

create function @extschema@.json_matches_schema(schema json, instance json) returns boolean
language sql immutable strict
return @extschema@.pg_jsonschema_validate(schema::jsonb, instance::jsonb) = '{}';

create function @extschema@.jsonb_matches_schema(schema json, instance jsonb) returns boolean
language sql immutable strict
return @extschema@.pg_jsonschema_validate(schema::jsonb, instance) = '{}';

create function @extschema@.jsonschema_validation_errors(schema json, instance json) returns text[]
language sql immutable strict
return @extschema@.pg_jsonschema_validate(schema::jsonb, instance::jsonb);

-- What is wrong is told as a notice.
create function @extschema@.jsonschema_is_valid(schema json) returns boolean
language plpgsql immutable strict
set search_path = ''
as $$
declare
    defect constant text := @extschema@.pg_jsonschema_defect(schema::jsonb);
begin
    if defect is not null then
        raise notice '%', defect;
    end if;
    return defect is null;
end
$$;
