-- What Realtime added until autumn 2026: more filter operators and their negation, subscriptions to
-- one action or some columns, binary broadcasts. Its service role now owns what it uses.
alter type realtime.equality_op add value 'like';
alter type realtime.equality_op add value 'ilike';
alter type realtime.equality_op add value 'is';
alter type realtime.equality_op add value 'match';
alter type realtime.equality_op add value 'imatch';
alter type realtime.equality_op add value 'isdistinct';
alter type realtime.user_defined_filter add attribute negate boolean;

alter table realtime.schema_migrations alter column inserted_at set default now();
revoke all on realtime.schema_migrations from supabase_realtime_admin;

alter table realtime.subscription
add column action_filter text default '*',
add column selected_columns text[],
add constraint subscription_action_filter_check
check (action_filter = any(array['*', 'INSERT', 'UPDATE', 'DELETE']));
create unique index subscription_subscription_id_entity_filters_action_filter_selec
on realtime.subscription (
    subscription_id, entity, filters, action_filter, coalesce(selected_columns, '{}'::text[])
);

alter table realtime.messages
add column binary_payload bytea,
add constraint messages_payload_exclusive
check ((payload is null) or (binary_payload is null));
create index messages_inserted_at_topic_index on realtime.messages (inserted_at desc, topic)
where ((extension = 'broadcast') and (private is true));

grant select, insert on realtime.messages to postgres with grant option;
