-- The day partitions of realtime.messages, from yesterday to three days ahead, where they lack.
-- Realtime makes them as days pass; a database that stands still makes them when it is started.
do $$
declare
    keeper name;
    part text;
begin
    if pg_catalog.to_regclass('realtime.messages') is null then
        return;
    end if;
    -- A project's own event triggers are about its own tables (the setting came with version 17).
    perform pg_catalog.set_config('event_triggers', 'off', true)
    from pg_catalog.pg_settings
    where name = 'event_triggers';
    -- The partitions belong to whoever owns Realtime's other tables in this era.
    select pg_catalog.pg_get_userbyid(relowner)
    into keeper
    from pg_catalog.pg_class
    where oid = pg_catalog.to_regclass('realtime.subscription');
    for day in -1..3 loop
        part := pg_catalog.format(
            'messages_%s', pg_catalog.to_char(current_date + day, 'YYYY_MM_DD')
        );
        continue when pg_catalog.to_regclass('realtime.' || part) is not null;
        execute pg_catalog.format(
            'create table realtime.%I partition of realtime.messages for values from (%L) to (%L)',
            part,
            (current_date + day)::timestamp,
            (current_date + day + 1)::timestamp
        );
        execute pg_catalog.format('alter table realtime.%I owner to %I', part, keeper);
    end loop;
    perform pg_catalog.set_config('event_triggers', 'on', true)
    from pg_catalog.pg_settings
    where name = 'event_triggers';
end
$$;
