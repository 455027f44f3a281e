-- Where Realtime stood in mid-2025: its objects still belonged to the superuser.
create unique index subscription_subscription_id_entity_filters_key
on realtime.subscription (subscription_id, entity, filters);

grant all on realtime.schema_migrations, realtime.subscription to supabase_realtime_admin;
revoke all on realtime.schema_migrations from postgres;
