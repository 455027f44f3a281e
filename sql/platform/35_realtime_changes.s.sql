-- Reads the replication slot and answers who may see each change; grants as of mid-2025.
create or replace function realtime.list_changes(
    publication name, slot_name name, max_changes integer, max_record_bytes integer
) returns setof realtime.wal_rls
language sql
set log_min_messages to 'fatal'
as $$
    select told.*
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
    ) as logged
    cross join lateral realtime.apply_rls(logged.data::jsonb, max_record_bytes) as told
    where cardinality(told.subscription_ids) > 0
$$;

do $$
declare
    reached text;
begin
    foreach reached in array array[
        'realtime.to_regrole(text)',
        'realtime.cast(text, regtype)',
        'realtime.check_equality_op(realtime.equality_op, regtype, text, text)',
        'realtime.is_visible_through_filters('
        'realtime.wal_column[], realtime.user_defined_filter[])',
        'realtime.quote_wal2json(regclass)',
        'realtime.build_prepared_statement_sql(text, regclass, realtime.wal_column[])',
        'realtime.subscription_check_filters()',
        'realtime.apply_rls(jsonb, integer)',
        'realtime.list_changes(name, name, integer, integer)'
    ] loop
        execute pg_catalog.format(
            'grant execute on function %s '
            'to anon, authenticated, service_role, supabase_realtime_admin',
            reached
        );
    end loop;
end
$$;
