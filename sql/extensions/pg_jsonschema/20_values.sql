-- Keywords that look at one value: its type, an enumeration, a number, a string. Every function
-- here returns what is wrong, in the words of pg_jsonschema's own errors, or nothing.

create function @extschema@.pg_jsonschema_any_errors(schema jsonb, instance jsonb) returns text[]
language sql immutable
return array_remove(
    array[
        case when schema ? 'type' and not exists (
            select
            from jsonb_array_elements_text(
                case jsonb_typeof(schema -> 'type')
                    when 'array' then schema -> 'type' else jsonb_build_array(schema -> 'type')
                end
            ) as t (name)
            where @extschema@.pg_jsonschema_is_type(instance, t.name)
        ) then format(
            case jsonb_typeof(schema -> 'type')
                when 'array' then '%s is not of types %s' else '%s is not of type %s'
            end,
            instance,
            schema -> 'type'
        ) end,
        case when schema ? 'enum' and not exists (
            select from jsonb_array_elements(schema -> 'enum') as e (value) where e.value = instance
        ) then format('%s is not one of %s', instance, schema -> 'enum') end,
        case when schema ? 'const' and schema -> 'const' <> instance
            then format('%s was expected', schema -> 'const') end
    ],
    null
);

-- Draft 4 has exclusiveMinimum and exclusiveMaximum as flags beside minimum and maximum.
create function @extschema@.pg_jsonschema_number_errors(schema jsonb, value numeric) returns text[]
language sql immutable
return array_remove(
    array[
        case when value < (schema -> 'minimum')::numeric
            then format('%s is less than the minimum of %s', value, schema -> 'minimum') end,
        case when value > (schema -> 'maximum')::numeric
            then format('%s is greater than the maximum of %s', value, schema -> 'maximum') end,
        case jsonb_typeof(schema -> 'exclusiveMinimum')
            when 'number' then
                case when value <= (schema -> 'exclusiveMinimum')::numeric then format(
                    '%s is less than or equal to the minimum of %s', value,
                        schema -> 'exclusiveMinimum'
                ) end
            when 'boolean' then
                case when (schema -> 'exclusiveMinimum')::boolean
                    and value = (schema -> 'minimum')::numeric then format(
                    '%s is less than or equal to the minimum of %s', value, schema -> 'minimum'
                ) end
        end,
        case jsonb_typeof(schema -> 'exclusiveMaximum')
            when 'number' then
                case when value >= (schema -> 'exclusiveMaximum')::numeric then format(
                    '%s is greater than or equal to the maximum of %s', value,
                        schema -> 'exclusiveMaximum'
                ) end
            when 'boolean' then
                case when (schema -> 'exclusiveMaximum')::boolean
                    and value = (schema -> 'maximum')::numeric then format(
                    '%s is greater than or equal to the maximum of %s', value, schema -> 'maximum'
                ) end
        end,
        case when mod(value, nullif((schema -> 'multipleOf')::numeric, 0)) <> 0
            then format('%s is not a multiple of %s', value, schema -> 'multipleOf') end
    ],
    null
);

create function @extschema@.pg_jsonschema_string_errors(
    schema jsonb, value text, with_formats boolean
) returns text[]
language sql immutable
return array_remove(
    array[
        case when length(value) < (schema -> 'minLength')::numeric then format(
            '%s is shorter than %s characters', to_jsonb(value), schema -> 'minLength'
        ) end,
        case when length(value) > (schema -> 'maxLength')::numeric then format(
            '%s is longer than %s characters', to_jsonb(value), schema -> 'maxLength'
        ) end,
        case when value !~ (schema ->> 'pattern')
            then format('%s does not match %s', to_jsonb(value), schema -> 'pattern') end,
        case when with_formats
            and not @extschema@.pg_jsonschema_has_format(value, schema ->> 'format')
            then format('%s is not a %s', to_jsonb(value), schema -> 'format') end
    ],
    null
);
