-- What a disposable clone needs so that many statements can be tried and undone in one round trip.
-- prospectr_access.observe is SECURITY INVOKER: the statements run as whoever calls it.
create schema if not exists prospectr_access;

grant usage on schema prospectr_access to public;

create table if not exists prospectr_access.rows (
    label text primary key,
    relation oid not null,
    partition oid not null,
    place tid not null,
    key text [] not null,
    image jsonb not null
);

create index if not exists rows_relation on prospectr_access.rows (relation);

-- Rows that triggers made beside those: they are there before any call. The actor is a user's id.
create table if not exists prospectr_access.strays (
    relation oid not null,
    partition oid not null,
    place tid not null,
    actor text
);

create index if not exists strays_relation on prospectr_access.strays (relation);

-- The tables that a call might write to, each with those in which a row of it shows, too: what it
-- is a partition or a child of.
create table if not exists prospectr_access.watched (
    relation oid not null,
    shown oid not null,
    primary key (relation, shown)
);

-- Numbers, one for each of those in order: another one once its table was written to in this
-- transaction. What is undone counts on, and TRUNCATE gives a table another file.
create or replace function prospectr_access.writes()
returns bigint []
language sql
security definer
set search_path = ''
as $function$
select
    pg_catalog.array_agg(
        pg_catalog.pg_stat_get_xact_tuples_inserted(relation)
        + pg_catalog.pg_stat_get_xact_tuples_updated(relation)
        + pg_catalog.pg_stat_get_xact_tuples_deleted(relation)
        + coalesce(pg_catalog.pg_relation_filenode(relation), 0)::bigint
        order by relation, shown
    )
from prospectr_access.watched
$function$;

-- The right of the superuser who owns it, lent to the observer: set-up before a statement.
create or replace function prospectr_access.prepare(statement text)
returns void
language plpgsql
security definer
set search_path = ''
as $function$
begin
    perform pg_catalog.set_config('session_replication_role', 'replica', true);
    execute statement;
    perform pg_catalog.set_config('session_replication_role', 'origin', true);
end
$function$;

-- The same for questions after it: which known rows changed? Answers with their labels.
create or replace function prospectr_access.ask(question text)
returns text []
language plpgsql
security definer
set search_path = ''
as $function$
declare
    labels text [];
begin
    execute question into labels;
    return labels;
end
$function$;

-- The same for a question in parts, a JSON object with one for each table's oid: only what was
-- written to since is asked about.
create or replace function prospectr_access.ask(parts text, since bigint [])
returns text []
language plpgsql
security definer
set search_path = ''
as $function$
declare
    question text;
    labels text [];
begin
    select pg_catalog.string_agg(part, ' union all ')
    into question
    from (
        select distinct pg_catalog.jsonb_extract_path_text(parts::jsonb, w.shown::text) as part
        from (
            select
                shown,
                pg_catalog.row_number() over (order by relation, shown) as place
            from prospectr_access.watched
        ) as w
        inner join pg_catalog.unnest(prospectr_access.writes()) with ordinality as n (now, place)
            on w.place = n.place
        where n.now <> since[w.place]
    ) as asked;
    if question is null then
        return '{}';
    end if;
    execute pg_catalog.format('select array(%s)', question) into labels;
    return labels;
end
$function$;

-- Ends a TRUNCATE that got past the privileges, before it does anything.
create or replace function prospectr_access.stop()
returns trigger
language plpgsql
set search_path = ''
as $function$
begin
    raise exception using errcode = 'PRSBK';
end
$function$;

-- Run one statement, ask its question, undo both. Nothing of it remains, whatever happens.
-- With listening, the statement is a query and its first rows come back as JSON; a CALL answers
-- with its INOUT and OUT parameters, or with nothing.
create or replace function prospectr_access.observe(
    statement text,
    question text,
    settle boolean,
    listening boolean,
    out state text,
    out message text,
    out relation text,
    out constraint_name text,
    out context text,
    out touched bigint,
    out labels text [],
    out output text []
)
language plpgsql
as $function$
declare
    answer record;
    since bigint [];
begin
    touched := 0;
    if question like '{%' then
        since := prospectr_access.writes();
    end if;
    begin
        if listening and statement like 'call %' then
            begin
                execute statement into answer;
                output := array[pg_catalog.to_jsonb(answer)::text];
            exception when syntax_error then
                -- A procedure without such parameters has nothing to put INTO.
                execute statement;
            end;
        elsif listening then
            execute pg_catalog.format(
                'select pg_catalog.array_agg(pg_catalog.to_jsonb(q)::text) from (%s) as q', statement
            ) into output;
            touched := coalesce(pg_catalog.array_length(output, 1), 0);
        else
            execute statement;
            get diagnostics touched = row_count;
        end if;
        if settle then
            set constraints all immediate;
        end if;
        if touched > 0 or listening then
            labels := case
                when since is not null then prospectr_access.ask(question, since)
                when question is not null then prospectr_access.ask(question)
            end;
        end if;
        raise exception using errcode = 'PRSBK';
    exception when others or assert_failure then
        if sqlstate <> 'PRSBK' then
            get stacked diagnostics
                state = returned_sqlstate,
                message = message_text,
                relation = table_name,
                constraint_name = constraint_name,
                context = pg_exception_context;
        end if;
    end;
end
$function$;

-- Says which request a statement would come by, as PostgREST does: a table's, or a function's.
create or replace function prospectr_access.request(subject text)
returns void
language sql
set search_path = ''
as $function$
select
    pg_catalog.set_config(
        'request.method',
        case pg_catalog.split_part(subject, ' ', 1)
            when 'select' then 'GET'
            when 'update' then 'PATCH'
            when 'delete' then 'DELETE'
            else 'POST'
        end,
        true
    ),
    pg_catalog.set_config(
        'request.path',
        case
            when subject = '' then '/rpc'
            else '/' || pg_catalog.btrim(pg_catalog.split_part(subject, '.', 2), '"')
        end,
        true
    )
$function$;

-- The same for many statements. Those that follow each other and are prepared alike are prepared
-- once: setting session_replication_role lets the server forget every plan it has. Where the first
-- few about one subject all run out of stack, because a policy calls itself, the others would too.
-- Where one that stands for a gate found no row, the others behind it find none: no policy on rows
-- that are there knows which column a statement is about.
create or replace function prospectr_access.observe(
    statements text [],
    preparations text [],
    questions text [],
    subjects text [],
    gates text [],
    settle boolean,
    listening boolean
)
returns setof record
language plpgsql
as $function$
declare
    total integer := coalesce(pg_catalog.array_length(statements, 1), 0);
    place integer := 1;
    beyond integer;
    subject text;
    requested text;
    exhausted integer := 0;
    closed text [] := '{}';
    told record;
    state text;
    message text;
    relation text;
    constraint_name text;
    context text;
begin
    while place <= total loop
        beyond := place + 1;
        while beyond <= total and preparations[beyond] is not distinct from preparations[place] loop
            beyond := beyond + 1;
        end loop;
        begin
            closed := '{}';
            if preparations[place] is not null then
                perform prospectr_access.prepare(preparations[place]);
            end if;
            requested := null;
            while place < beyond loop
                if requested is distinct from coalesce(subjects[place], '') then
                    requested := coalesce(subjects[place], '');
                    perform prospectr_access.request(requested);
                end if;
                if subjects[place] is distinct from subject then
                    subject := subjects[place];
                    exhausted := 0;
                end if;
                if gates[place] = any(closed) then
                    told := row(
                        null::text, null::text, null::text, null::text, null::text,
                        0::bigint, null::text [], null::text []
                    );
                elsif exhausted < 4 or subject is null then
                    told := prospectr_access.observe(
                        statements[place], questions[place], settle, listening
                    );
                    exhausted := case when told.state = '54001' then exhausted + 1 else -total end;
                    if gates[place] is not null and told.state is null and told.touched = 0 then
                        closed := closed || gates[place];
                    end if;
                end if;
                return next told;
                place := place + 1;
            end loop;
            raise exception using errcode = 'PRSBK';
        exception when others or assert_failure then
            if sqlstate <> 'PRSBK' then
                get stacked diagnostics
                    state = returned_sqlstate,
                    message = message_text,
                    relation = table_name,
                    constraint_name = constraint_name,
                    context = pg_exception_context;
                while place < beyond loop
                    return next row(
                        state, message, relation, constraint_name, context,
                        0::bigint, null::text [], null::text []
                    );
                    place := place + 1;
                end loop;
            end if;
        end;
    end loop;
end
$function$;
