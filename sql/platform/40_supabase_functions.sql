-- Database webhooks: a row trigger that posts the change to a URL through pg_net.
create table supabase_functions.migrations (
    version text not null,
    inserted_at timestamptz not null default now(),
    constraint migrations_pkey primary key (version)
);
insert into supabase_functions.migrations (version)
values ('initial'), ('20210809183423_update_grants');

create table supabase_functions.hooks (
    id bigserial,
    hook_table_id integer not null,
    hook_name text not null,
    created_at timestamptz not null default now(),
    request_id bigint,
    constraint hooks_pkey primary key (id)
);
create index supabase_functions_hooks_h_table_id_h_name_idx
on supabase_functions.hooks (hook_table_id, hook_name);
create index supabase_functions_hooks_request_id_idx on supabase_functions.hooks (request_id);

-- Arguments: url, method (GET or POST), headers, query parameters, timeout in milliseconds.
create or replace function supabase_functions.http_request() returns trigger
language plpgsql security definer  -- pg_net's queue is not the caller's to write
set search_path to 'supabase_functions'
as $$
declare
    url constant text := nullif(tg_argv[0], 'null');
    method constant text := nullif(tg_argv[1], 'null');
    headers constant jsonb := coalesce(
        nullif(tg_argv[2], 'null')::jsonb, '{"Content-Type": "application/json"}'
    );
    params constant jsonb := coalesce(nullif(tg_argv[3], 'null')::jsonb, '{}');
    timeout constant integer := coalesce(nullif(tg_argv[4], 'null')::integer, 1000);
    request bigint;
begin
    if url is null then
        raise exception 'url argument is missing';
    end if;
    if method is null then
        raise exception 'method argument is missing';
    end if;
    case method
        when 'GET' then
            request := net.http_get(url, params, headers, timeout);
        when 'POST' then
            request := net.http_post(
                url,
                jsonb_build_object(
                    'type', tg_op,
                    'table', tg_table_name,
                    'schema', tg_table_schema,
                    'record', new,
                    'old_record', old
                ),
                params,
                headers,
                timeout
            );
        else
            raise exception 'method argument % is invalid', method;
    end case;
    insert into supabase_functions.hooks (hook_table_id, hook_name, request_id)
    values (tg_relid, tg_name, request);
    return new;
end
$$;
revoke execute on function supabase_functions.http_request() from public;

alter table supabase_functions.migrations owner to supabase_functions_admin;
alter table supabase_functions.hooks owner to supabase_functions_admin;
alter function supabase_functions.http_request() owner to supabase_functions_admin;
