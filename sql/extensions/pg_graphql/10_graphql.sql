-- The schema's version is counted and comments are read; queries are not resolved, and the answer
-- says so.

create sequence graphql.seq_schema_version as integer cycle;

-- Definer: every role's schema changes count, and the sequence is the owner's.
create function graphql.increment_schema_version() returns event_trigger
language plpgsql volatile security definer
as $$
begin
    perform pg_catalog.nextval('graphql.seq_schema_version');
end
$$;

-- Definer: the sequence is the owner's.
create function graphql.get_schema_version() returns integer
language sql volatile security definer
as $$
    select last_value from graphql.seq_schema_version
$$;

create event trigger graphql_watch_ddl on ddl_command_end
execute function graphql.increment_schema_version();

create event trigger graphql_watch_drop on sql_drop
execute function graphql.increment_schema_version();

-- What a comment says after @graphql, as in: comment on table t is '@graphql({"name": "Thing"})'.
create function graphql.comment_directive(comment_ text) returns jsonb
language sql immutable
as $$
    select coalesce((regexp_match(comment_, '@graphql\((.+)\)'))[1]::jsonb, '{}'::jsonb)
$$;

create function graphql.exception(message text) returns text
language plpgsql volatile
as $$
begin
    raise exception using errcode = '22000', message = message;
end
$$;

create function graphql._internal_resolve(
    query text,
    variables jsonb default '{}'::jsonb,
    "operationName" text default null,
    extensions jsonb default null
) returns jsonb
language plpgsql volatile
as $$
begin
    raise exception 'pg_graphql is a stand-in here and does not resolve queries' using
        errcode = '0A000',
        hint = 'Use a server that has the extension, such as a local Supabase stack.';
end
$$;

create function graphql.resolve(
    query text,
    variables jsonb default '{}'::jsonb,
    "operationName" text default null,
    extensions jsonb default null
) returns jsonb
language plpgsql volatile
as $$
declare
    reason text;
begin
    return graphql._internal_resolve(query, variables, "operationName", extensions);
exception
    when others then
        get stacked diagnostics reason = message_text;
        return jsonb_build_object(
            'data', null, 'errors', jsonb_build_array(jsonb_build_object('message', reason))
        );
end
$$;
