-- Making, listing and dropping queues. Their tables are members of the extension and go with it.

create function pgmq._create(queue_name text, unlogged boolean) returns void
language plpgsql volatile
as $$
declare
    messages constant text := pgmq.format_table_name(queue_name, 'q');
    archive constant text := pgmq.format_table_name(queue_name, 'a');
begin
    perform pgmq.validate_queue_name(queue_name);
    perform pgmq.acquire_queue_lock(queue_name);
    execute format(
        $sql$
        create %s table if not exists pgmq.%I (
            msg_id bigint primary key generated always as identity,
            read_ct integer not null default 0,
            enqueued_at timestamp with time zone not null default now(),
            vt timestamp with time zone not null,
            message jsonb,
            headers jsonb
        )
        $sql$,
        case when unlogged then 'unlogged' else '' end,
        messages
    );
    execute format(
        $sql$
        create table if not exists pgmq.%I (
            msg_id bigint primary key,
            read_ct integer not null default 0,
            enqueued_at timestamp with time zone not null default now(),
            archived_at timestamp with time zone not null default now(),
            vt timestamp with time zone not null,
            message jsonb,
            headers jsonb
        )
        $sql$,
        archive
    );
    if pgmq._extension_exists('pgmq') and not pgmq._belongs_to_pgmq(messages) then
        execute format('alter extension pgmq add table pgmq.%I', messages);
        execute format('alter extension pgmq add sequence pgmq.%I', messages || '_msg_id_seq');
    end if;
    if pgmq._extension_exists('pgmq') and not pgmq._belongs_to_pgmq(archive) then
        execute format('alter extension pgmq add table pgmq.%I', archive);
    end if;
    execute format('create index if not exists %I on pgmq.%I (vt)', messages || '_vt_idx',
        messages);
    execute format(
        'create index if not exists %I on pgmq.%I (archived_at)', 'archived_at_idx_'
            || queue_name, archive
    );
    insert into pgmq.meta (queue_name, is_partitioned, is_unlogged)
    values (_create.queue_name, false, unlogged)
    on conflict do nothing;
end
$$;

create function pgmq.create_non_partitioned(queue_name text) returns void
language plpgsql volatile
as $$
begin
    perform pgmq._create(queue_name, false);
end
$$;

create function pgmq.create_unlogged(queue_name text) returns void
language plpgsql volatile
as $$
begin
    perform pgmq._create(queue_name, true);
end
$$;

create function pgmq.create(queue_name text) returns void
language plpgsql volatile
as $$
begin
    perform pgmq._create(queue_name, false);
end
$$;

-- Pgmq says the same where pg_partman is missing; no stand-in can be written for that one.
create function pgmq.create_partitioned(
    queue_name text,
    partition_interval text default '10000',
    retention_interval text default '100000'
) returns void
language plpgsql volatile
as $$
begin
    raise exception 'pg_partman is required for partitioned queues';
end
$$;

create function pgmq.list_queues() returns setof pgmq.queue_record
language plpgsql volatile
as $$
begin
    return query
    select m.queue_name, m.is_partitioned, m.is_unlogged, m.created_at
    from pgmq.meta as m order by m.created_at, m.queue_name;
end
$$;

create function pgmq.drop_queue(queue_name text) returns boolean
language plpgsql volatile
as $$
declare
    messages constant text := pgmq.format_table_name(queue_name, 'q');
    relation text;
begin
    perform pgmq.acquire_queue_lock(queue_name);
    if to_regclass(format('pgmq.%I', messages)) is null then
        raise notice 'pgmq queue `%` does not exist', queue_name;
        return false;
    end if;
    if pgmq._belongs_to_pgmq(messages) then
        execute format('alter extension pgmq drop sequence pgmq.%I', messages || '_msg_id_seq');
    end if;
    foreach relation in array array[messages, pgmq.format_table_name(queue_name, 'a')] loop
        if pgmq._belongs_to_pgmq(relation) then
            execute format('alter extension pgmq drop table pgmq.%I', relation);
        end if;
        execute format('drop table if exists pgmq.%I', relation);
    end loop;
    delete from pgmq.meta as m where m.queue_name = drop_queue.queue_name;
    return true;
end
$$;

create function pgmq.drop_queue(queue_name text, partitioned boolean) returns boolean
language plpgsql volatile
as $$
begin
    raise warning 'drop_queue(queue_name, partitioned) is deprecated and will be removed in PGMQ v2.0. Use drop_queue(queue_name) instead';
    return pgmq.drop_queue(queue_name);
end
$$;

create function pgmq.purge_queue(queue_name text) returns bigint
language plpgsql volatile
as $$
declare
    messages constant text := pgmq.format_table_name(queue_name, 'q');
    purged bigint;
begin
    execute format('select count(*) from pgmq.%I', messages) into purged;
    execute format('truncate table pgmq.%I', messages);
    return purged;
end
$$;

create function pgmq.detach_archive(queue_name text) returns void
language plpgsql volatile
as $$
begin
    if pgmq._extension_exists('pgmq') then
        execute format(
            'alter extension pgmq drop table pgmq.%I', pgmq.format_table_name(queue_name, 'a')
        );
    end if;
end
$$;
