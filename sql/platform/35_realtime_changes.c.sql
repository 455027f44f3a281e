-- Postgres changes as of autumn 2026: more operators, negated filters, and a count of what the slot
-- held. Everything but the migration history belongs to the service role.

-- The operators that compare by pattern, by truth or by distinctness join the others.
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
        when 'like' then '~~'
        when 'ilike' then '~~*'
        when 'match' then '~'
        when 'imatch' then '~*'
        when 'isdistinct' then 'is distinct from'
    end;
    result boolean;
begin
    case op::text
        when 'in' then
            execute format('select %1$L::%3$s = any (%2$L::%3$s[])', val_1, val_2, type_::text)
            into result;
        when 'is' then
            if lower(val_2) not in ('null', 'not null', 'true', 'false', 'unknown') then
                raise exception 'invalid value for `is` filter: %', val_2;
            end if;
            execute format('select %L::%s is %s', val_1, type_::text, val_2) into result;
        when 'like', 'ilike', 'match', 'imatch' then
            execute format('select %L %s %L', val_1, operator, val_2) into result;
        else
            execute format('select %1$L::%3$s %4$s %2$L::%3$s', val_1, val_2, type_::text, operator)
            into result;
    end case;
    return result;
end
$$;

create or replace function realtime.check_equality_op(
    op realtime.equality_op, type_ regtype, val_1 text, val_2 text, negate boolean
) returns boolean
language sql stable
as $$
    select
        case when coalesce(negate, false) then not compared else compared end
    from realtime.check_equality_op(op, type_, val_1, val_2) as compared
$$;

create or replace function realtime.is_visible_through_filters(
    columns realtime.wal_column[], filters realtime.user_defined_filter[]
) returns boolean
language sql stable
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
                        wanted.value,
                        wanted.negate
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

-- One identifier as wal2json's filter-tables wants it: separators escaped by a backslash.
create or replace function realtime.wal2json_escape_identifier(name text) returns text
language sql immutable
as $$
    select regexp_replace(name, '([ ,."''\\*()])', '\\\1', 'g')
$$;

create or replace function realtime.list_changes(
    publication name, slot_name name, max_changes integer, max_record_bytes integer
)
returns table (
    wal jsonb,
    is_rls_enabled boolean,
    subscription_ids uuid[],
    errors text[],
    slot_changes_count bigint
)
language sql
set log_min_messages to 'fatal'
as $$
    with logged as (
        select change.data::jsonb as change
        from pg_catalog.pg_logical_slot_get_changes(
            slot_name, null, max_changes,
            'include-pk', 'true',
            'include-transaction', 'false',
            'include-timestamp', 'true',
            'include-type-oids', 'true',
            'format-version', '2',
            'actions', (
                select concat_ws(
                    ',',
                    case when pubinsert then 'insert' end,
                    case when pubupdate then 'update' end,
                    case when pubdelete then 'delete' end
                )
                from pg_catalog.pg_publication
                where pubname = publication
            ),
            'add-tables', (
                select string_agg(
                    realtime.quote_wal2json(format('%I.%I', schemaname, tablename)::regclass), ','
                    order by schemaname, tablename
                )
                from pg_catalog.pg_publication_tables
                where pubname = publication
            )
        ) as change
    ),

    counted as (
        select count(*) as changes from logged
    )

    select told.wal, told.is_rls_enabled, told.subscription_ids, told.errors, counted.changes
    from counted
    left join (
        logged
        cross join lateral realtime.apply_rls(logged.change, max_record_bytes) as told
    ) on cardinality(told.subscription_ids) > 0
    where counted.changes > 0
$$;

do $$
declare
    reached text;
begin
    foreach reached in array array[
        'realtime.to_regrole(text)',
        'realtime.cast(text, regtype)',
        'realtime.check_equality_op(realtime.equality_op, regtype, text, text)',
        'realtime.check_equality_op(realtime.equality_op, regtype, text, text, boolean)',
        'realtime.is_visible_through_filters('
        'realtime.wal_column[], realtime.user_defined_filter[])',
        'realtime.quote_wal2json(regclass)',
        'realtime.build_prepared_statement_sql(text, regclass, realtime.wal_column[])',
        'realtime.subscription_check_filters()',
        'realtime.apply_rls(jsonb, integer)'
    ] loop
        execute pg_catalog.format(
            'grant execute on function %s to anon, authenticated, service_role', reached
        );
    end loop;
    for reached in
        select owned.oid::regprocedure::text
        from pg_catalog.pg_proc as owned
        where owned.pronamespace = 'realtime'::regnamespace
        order by 1
    loop
        execute pg_catalog.format('alter function %s owner to supabase_realtime_admin', reached);
    end loop;
end
$$;

alter table realtime.subscription owner to supabase_realtime_admin;

-- Tables that Realtime creates later: postgres may pass on reading and writing messages.
alter default privileges for role supabase_admin in schema realtime
grant select, insert on tables to postgres with grant option;
