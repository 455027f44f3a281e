-- Keywords that look inside (arrays, objects) or apply other schemas: these call one another.

create function @extschema@.pg_jsonschema_array_errors(
    root jsonb, schema jsonb, instance jsonb, with_formats boolean
) returns text[]
language plpgsql immutable
set search_path = ''
as $$
declare
    size constant integer := jsonb_array_length(instance);
    -- Up to draft 2019-09 a list in `items` is what 2020-12 calls prefixItems.
    has_tuple constant boolean := jsonb_typeof(schema -> 'items') = 'array';
    first constant jsonb :=
        case when has_tuple then schema -> 'items' else schema -> 'prefixItems' end;
    rest constant jsonb :=
        case when has_tuple then schema -> 'additionalItems' else schema -> 'items' end;
    applied jsonb;
    matches integer;
    errors text[] := '{}';
begin
    if size < (schema -> 'minItems')::numeric then
        errors := errors || format('%s has less than %s items', instance, schema -> 'minItems');
    end if;
    if size > (schema -> 'maxItems')::numeric then
        errors := errors || format('%s has more than %s items', instance, schema -> 'maxItems');
    end if;
    if schema -> 'uniqueItems' = 'true' and (
        select count(distinct e.value) from jsonb_array_elements(instance) as e
    ) < size then
        errors := errors || format('%s has non-unique elements', instance);
    end if;
    for n in 0 .. size - 1 loop
        applied := coalesce(first -> n, rest);
        if applied is not null then
            errors := errors
                || @extschema@.pg_jsonschema_errors(root, applied, instance -> n, with_formats);
        end if;
    end loop;
    if schema ? 'contains' then
        select count(*) into matches
        from jsonb_array_elements(instance) as e
        where '{}' = @extschema@.pg_jsonschema_errors(
            root, schema -> 'contains', e.value, with_formats
        );
        if matches < coalesce((schema -> 'minContains')::numeric, 1)
            or matches > (schema -> 'maxContains')::numeric
        then
            errors := errors || format('None of %s are valid under the given schema', instance);
        end if;
    end if;
    return errors;
end
$$;

create function @extschema@.pg_jsonschema_object_errors(
    root jsonb, schema jsonb, instance jsonb, with_formats boolean
) returns text[]
language plpgsql immutable
set search_path = ''
as $$
declare
    size constant integer := (select count(*) from jsonb_object_keys(instance));
    key text;
    value jsonb;
    pattern text;
    applied jsonb;
    is_named boolean;
    unexpected text[] := '{}';
    errors text[] := '{}';
begin
    if size < (schema -> 'minProperties')::numeric then
        errors := errors
            || format('%s has less properties than %s', instance, schema -> 'minProperties');
    end if;
    if size > (schema -> 'maxProperties')::numeric then
        errors := errors
            || format('%s has more properties than %s', instance, schema -> 'maxProperties');
    end if;
    errors := errors || array(
        select format('%s is a required property', r.name)
        from jsonb_array_elements(
            case jsonb_typeof(schema -> 'required')
                when 'array' then schema -> 'required' else '[]'
            end
        ) as r (name)
        where not instance ? (r.name #>> '{}')
    );
    for key, value in select e.key, e.value from jsonb_each(instance) as e loop
        is_named := schema -> 'properties' ? key;
        if is_named then
            errors := errors
                || @extschema@.pg_jsonschema_errors(
                    root, schema -> 'properties' -> key, value, with_formats
                );
        end if;
        for pattern, applied in
            select e.key, e.value
            from jsonb_each(coalesce(schema -> 'patternProperties', '{}')) as e
        loop
            if key ~ pattern then
                is_named := true;
                errors := errors
                    || @extschema@.pg_jsonschema_errors(root, applied, value, with_formats);
            end if;
        end loop;
        if not coalesce(is_named, false) and schema ? 'additionalProperties' then
            if schema -> 'additionalProperties' = 'false' then
                unexpected := unexpected || quote_literal(key);
            else
                errors := errors || @extschema@.pg_jsonschema_errors(
                    root, schema -> 'additionalProperties', value, with_formats
                );
            end if;
        end if;
        if schema ? 'propertyNames' then
            errors := errors || @extschema@.pg_jsonschema_errors(
                root, schema -> 'propertyNames', to_jsonb(key), with_formats
            );
        end if;
        -- dependentRequired, dependentSchemas and, for both, draft 7's dependencies.
        foreach applied in array array_remove(array[
            schema -> 'dependentRequired' -> key,
            schema -> 'dependentSchemas' -> key,
            schema -> 'dependencies' -> key
        ], null) loop
            if jsonb_typeof(applied) = 'array' then
                applied := jsonb_build_object('required', applied);
            end if;
            errors := errors
                || @extschema@.pg_jsonschema_errors(root, applied, instance, with_formats);
        end loop;
    end loop;
    if unexpected <> '{}' then
        errors := errors || format(
            'Additional properties are not allowed (%s %s unexpected)',
            array_to_string(unexpected, ', '),
            case cardinality(unexpected) when 1 then 'was' else 'were' end
        );
    end if;
    return errors;
end
$$;

create function @extschema@.pg_jsonschema_applied_errors(
    root jsonb, schema jsonb, instance jsonb, with_formats boolean
) returns text[]
language plpgsql immutable
set search_path = ''
as $$
declare
    no_match constant text :=
        '%s is not valid under any of the schemas listed in the ''%s'' keyword';
    too_many constant text :=
        '%s is valid under more than one of the schemas listed in the ''%s'' keyword';
    each jsonb;
    matches integer;
    errors text[] := '{}';
begin
    for each in
        select a.value from jsonb_array_elements(coalesce(schema -> 'allOf', '[]')) as a
    loop
        errors := errors || @extschema@.pg_jsonschema_errors(root, each, instance, with_formats);
    end loop;
    if schema ? 'anyOf' and not exists (
        select
        from jsonb_array_elements(schema -> 'anyOf') as a
        where @extschema@.pg_jsonschema_errors(root, a.value, instance, with_formats) = '{}'
    ) then
        errors := errors
            || format(no_match, instance, 'anyOf');
    end if;
    if schema ? 'oneOf' then
        select count(*) into matches
        from jsonb_array_elements(schema -> 'oneOf') as a
        where @extschema@.pg_jsonschema_errors(root, a.value, instance, with_formats) = '{}';
        if matches = 0 then
            errors := errors
                || format(no_match, instance, 'oneOf');
        elsif matches > 1 then
            errors := errors
                || format(too_many, instance, 'oneOf');
        end if;
    end if;
    if schema ? 'not'
        and @extschema@.pg_jsonschema_errors(root, schema -> 'not', instance, with_formats) = '{}'
    then
        errors := errors || format('%s is not allowed for %s', schema -> 'not', instance);
    end if;
    if schema ? 'if' then
        each := case @extschema@.pg_jsonschema_errors(root, schema -> 'if', instance, with_formats)
            when '{}' then schema -> 'then' else schema -> 'else' end;
        if each is not null then
            errors := errors
                || @extschema@.pg_jsonschema_errors(root, each, instance, with_formats);
        end if;
    end if;
    return errors;
end
$$;

-- Everything that is wrong with an instance under a schema that is part of the document `root`.
create function @extschema@.pg_jsonschema_errors(
    root jsonb, schema jsonb, instance jsonb, with_formats boolean
) returns text[]
language plpgsql immutable
set search_path = ''
as $$
declare
    unsupported constant text := (
        select k from jsonb_object_keys(
            case jsonb_typeof(schema) when 'object' then schema else '{}' end
        ) as k
        where k in ('$dynamicRef', '$recursiveRef', 'unevaluatedItems', 'unevaluatedProperties')
        order by k limit 1
    );
    errors text[];
begin
    if schema = 'true' then
        return '{}';
    elsif schema = 'false' then
        return array[format('False schema does not allow %s', instance)];
    elsif unsupported is not null then
        raise exception 'pg_jsonschema is a stand-in here and does not know the keyword %',
            unsupported
            using errcode = '0A000';
    end if;
    errors := @extschema@.pg_jsonschema_any_errors(schema, instance);
    if schema ? '$ref' then
        errors := errors || @extschema@.pg_jsonschema_errors(
            root, @extschema@.pg_jsonschema_resolve(root, schema ->> '$ref'), instance, with_formats
        );
    end if;
    errors := errors || case jsonb_typeof(instance)
        when 'number' then @extschema@.pg_jsonschema_number_errors(schema, instance::numeric)
        when 'string' then
            @extschema@.pg_jsonschema_string_errors(schema, instance #>> '{}', with_formats)
        when 'array' then
            @extschema@.pg_jsonschema_array_errors(root, schema, instance, with_formats)
        when 'object' then
            @extschema@.pg_jsonschema_object_errors(root, schema, instance, with_formats)
        else '{}'
    end;
    return errors || @extschema@.pg_jsonschema_applied_errors(root, schema, instance, with_formats);
end
$$;
