-- Postgres changes: which subscriber may see a row of the write-ahead log. Realtime reads the log
-- through the decoding plugin wal2json (format version 2) and asks apply_rls() about each change.

-- A value of the log, given as text, as the JSON of its type.
create or replace function realtime.cast(val text, type_ regtype) returns jsonb
language plpgsql immutable
as $$
declare
    result jsonb;
begin
    execute format('select to_jsonb(%L::%s)', val, type_::text) into result;
    return result;
end
$$;

-- Compares two values, given as text, as their type does; `in` takes an array literal.
create or replace function realtime.check_equality_op(
    op realtime.equality_op, type_ regtype, val_1 text, val_2 text
) returns boolean
language plpgsql immutable
as $$
declare
    operator constant text := case op::text
        when 'eq' then '='
        when 'neq' then '<>'
        when 'lt' then '<'
        when 'lte' then '<='
        when 'gt' then '>'
        when 'gte' then '>='
    end;
    result boolean;
begin
    if operator is not null then
        execute format('select %1$L::%3$s %4$s %2$L::%3$s', val_1, val_2, type_::text, operator)
        into result;
    else
        execute format('select %1$L::%3$s = any (%2$L::%3$s[])', val_1, val_2, type_::text)
        into result;
    end if;
    return result;
end
$$;

-- Whether a row passes every filter of a subscription; a filter on a missing column fails.
create or replace function realtime.is_visible_through_filters(
    columns realtime.wal_column[], filters realtime.user_defined_filter[]
) returns boolean
language sql immutable
as $$
    select coalesce(
        bool_and(
            case
                when present.name is null then false
                else coalesce(
                    realtime.check_equality_op(
                        wanted.op,
                        coalesce(nullif(present.type_oid, 0)::regtype, present.type_name::regtype),
                        present.value #>> '{}',
                        wanted.value
                    ),
                    false
                )
            end
        ),
        true
    )
    from unnest(filters) as wanted
    left join unnest(columns) as present on wanted.column_name = present.name
$$;

-- A table's name as wal2json writes it in filter-tables: separators escaped by a backslash.
create or replace function realtime.quote_wal2json(entity regclass) returns text
language sql immutable
as $$
    select
        regexp_replace(nsp.nspname, '([ ,."''\\*()])', '\\\1', 'g')
        || '.'
        || regexp_replace(rel.relname, '([ ,."''\\*()])', '\\\1', 'g')
    from pg_catalog.pg_class as rel
    inner join pg_catalog.pg_namespace as nsp on rel.relnamespace = nsp.oid
    where rel.oid = entity
$$;

-- The statement that looks for a changed row by its primary key as the subscriber would.
create or replace function realtime.build_prepared_statement_sql(
    prepared_statement_name text, entity regclass, columns realtime.wal_column[]
) returns text
language sql
as $$
    select format(
        'prepare %I as select exists (select 1 from %s where %s)',
        prepared_statement_name,
        entity,
        string_agg(
            format('%I = %L::%s', key.name, key.value #>> '{}', key.type_oid::regtype),
            ' and ' order by key.name
        )
    )
    from unnest(columns) as key
    where key.is_pkey
$$;

-- Refuses a subscription whose filters name a column that its role cannot select, or a value that
-- is not of the column's type; puts the filters into one order, so that equal ones are equal.
create or replace function realtime.subscription_check_filters() returns trigger
language plpgsql
as $$
declare
    wanted realtime.user_defined_filter;
    column_type regtype;
    listed integer;
begin
    foreach wanted in array new.filters loop
        select attribute.atttypid::regtype
        into column_type
        from pg_catalog.pg_attribute as attribute
        where
            attribute.attrelid = new.entity
            and attribute.attname = wanted.column_name
            and attribute.attnum > 0
            and not attribute.attisdropped
            and pg_catalog.has_column_privilege(
                new.claims ->> 'role', new.entity, attribute.attnum, 'select'
            );
        if not found then
            raise exception 'invalid column for filter %', wanted.column_name;
        end if;
        if wanted.op::text = 'in' then
            execute format('select cardinality(%L::%s[])', wanted.value, column_type)
            into listed;
            if listed > 100 then
                raise exception 'too many values for `in` filter. Maximum 100';
            end if;
        elsif wanted.op::text in ('eq', 'neq', 'lt', 'lte', 'gt', 'gte') then
            perform realtime.cast(wanted.value, column_type);
        end if;
    end loop;
    new.filters := array(
        select filter
        from unnest(new.filters) as filter
        order by filter.column_name, filter.op, filter.value
    );
    return new;
end
$$;

create trigger tr_check_filters
before insert or update on realtime.subscription
for each row execute function realtime.subscription_check_filters();

-- One change of the log (wal2json's JSON) as each subscribing role may see it: a row per role with
-- the visible columns and the subscriptions that receive it. Rows of a table with row level
-- security are looked up again as the subscriber, with his claims; a deleted row cannot be, so that
-- only its key is told.
create or replace function realtime.apply_rls(
    wal jsonb, max_record_bytes integer default 1024 * 1024
) returns setof realtime.wal_rls
language plpgsql
as $$
declare
    changed constant regclass := format('%I.%I', wal ->> 'schema', wal ->> 'table')::regclass;
    change constant realtime.action := case wal ->> 'action'
        when 'I' then 'INSERT'
        when 'U' then 'UPDATE'
        when 'D' then 'DELETE'
        when 'T' then 'TRUNCATE'
        else 'ERROR'
    end;
    protected constant boolean := (
        select rel.relrowsecurity from pg_catalog.pg_class as rel where rel.oid = changed
    );
    too_large constant boolean := octet_length(wal::text) > max_record_bytes;
    key_names constant text[] := array(
        select key ->> 'name' from jsonb_array_elements(wal -> 'pk') as key
    );
    caller constant text := current_setting('role');
    caller_claims constant text := current_setting('request.jwt.claims', true);
    reader regrole;
    listener realtime.subscription;
    listeners uuid[];
    receivers uuid[];
    columns realtime.wal_column[];
    old_columns realtime.wal_column[];
    problems text[];
    visible boolean;
    output jsonb;
begin
    for reader in
        select distinct subscribed.claims_role
        from realtime.subscription as subscribed
        where subscribed.entity = changed
        order by subscribed.claims_role
    loop
        listeners := array(
            select subscribed.subscription_id
            from realtime.subscription as subscribed
            where
                subscribed.entity = changed
                and subscribed.claims_role = reader
                and coalesce(to_jsonb(subscribed) ->> 'action_filter', '*')
                in ('*', change::text)
            order by subscribed.id
        );
        continue when cardinality(listeners) = 0;
        select
            array_agg(told) filter (where source = 'columns'),
            array_agg(told) filter (where source = 'identity')
        into columns, old_columns
        from (
            select
                part.source,
                row(
                    part.value ->> 'name',
                    part.value ->> 'type',
                    (part.value ->> 'typeoid')::oid,
                    part.value -> 'value',
                    (part.value ->> 'name') = any (key_names),
                    pg_catalog.has_column_privilege(
                        reader, changed, part.value ->> 'name', 'select'
                    )
                )::realtime.wal_column as told
            from (values ('columns'), ('identity')) as kind (source)
            cross join lateral jsonb_array_elements(wal -> kind.source) as element (value)
            cross join lateral (select kind.source, element.value) as part
        ) as described;
        columns := coalesce(columns, '{}');
        old_columns := coalesce(old_columns, '{}');
        problems := case
            when cardinality(key_names) = 0 then array['Error 400: Bad Request, no primary key']
            when not exists (
                select 1
                from unnest(columns || old_columns) as told
                where told.is_pkey and told.is_selectable
            ) then array['Error 401: Unauthorized']
            when too_large then array['Error 413: Payload Too Large']
            else '{}'
        end;
        if problems[1] like 'Error 40%' then
            return next row(
                jsonb_build_object(
                    'schema', wal ->> 'schema', 'table', wal ->> 'table', 'type', change
                ),
                protected, listeners, problems
            )::realtime.wal_rls;
            continue;
        end if;

        output := jsonb_build_object(
            'schema', wal ->> 'schema',
            'table', wal ->> 'table',
            'type', change,
            'commit_timestamp', to_char(
                (wal ->> 'timestamp')::timestamptz at time zone 'utc',
                'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'
            ),
            'columns', (
                select jsonb_agg(
                    jsonb_build_object(
                        'name', attribute.attname,
                        'type', pg_catalog.format_type(attribute.atttypid, null)
                    )
                    order by attribute.attnum
                )
                from pg_catalog.pg_attribute as attribute
                where
                    attribute.attrelid = changed
                    and attribute.attnum > 0
                    and not attribute.attisdropped
                    and pg_catalog.has_column_privilege(
                        reader, changed, attribute.attnum, 'select'
                    )
            )
        );
        if change in ('INSERT', 'UPDATE') then
            output := output || jsonb_build_object('record', (
                select coalesce(jsonb_object_agg(told.name, told.value), '{}')
                from unnest(columns) as told
                where
                    told.is_selectable
                    and (not too_large or octet_length(told.value::text) <= 64)
            ));
        end if;
        if change in ('UPDATE', 'DELETE') then
            output := output || jsonb_build_object('old_record', (
                select coalesce(jsonb_object_agg(told.name, told.value), '{}')
                from unnest(old_columns) as told
                where
                    told.is_selectable
                    and (told.is_pkey or not protected)
                    and (not too_large or octet_length(told.value::text) <= 64)
            ));
        end if;

        receivers := '{}';
        if protected and change in ('INSERT', 'UPDATE') then
            execute realtime.build_prepared_statement_sql('realtime_visible', changed, columns);
        end if;
        for listener in
            select subscribed.*
            from realtime.subscription as subscribed
            where
                subscribed.entity = changed
                and subscribed.claims_role = reader
                and subscribed.subscription_id = any (listeners)
                and realtime.is_visible_through_filters(
                    case when change = 'DELETE' then old_columns else columns end,
                    subscribed.filters
                )
            order by subscribed.id
        loop
            visible := true;
            if protected and change in ('INSERT', 'UPDATE') then
                perform set_config('role', reader::text, true);
                perform set_config('request.jwt.claims', listener.claims::text, true);
                execute 'execute realtime_visible' into visible;
                perform set_config('role', caller, true);
            end if;
            if visible then
                receivers := receivers || listener.subscription_id;
            end if;
        end loop;
        if protected and change in ('INSERT', 'UPDATE') then
            perform set_config('request.jwt.claims', coalesce(caller_claims, ''), true);
            execute 'deallocate realtime_visible';
        end if;
        return next row(output, protected, receivers, problems)::realtime.wal_rls;
    end loop;
end
$$;
