"""Projects that use what Supabase's services bring: auth, storage, realtime, cron, net, vault."""

from __future__ import annotations

from .shape import ADA, AS_ADA, BOB, Shape

ROLE = "insert into public.user_roles values ('@ada@', 'editor');"

SHAPES = (
    Shape(
        "a trigger on auth.users keeps profiles",
        {
            "migrations/20240101000000_profiles.sql": """
                create table public.profiles (
                    id uuid primary key references auth.users on delete cascade,
                    full_name text
                );
                alter table public.profiles enable row level security;
                create policy "Own profile." on public.profiles
                    for select using (auth.uid() = id);
                grant select on public.profiles to authenticated;
                create function public.handle_new_user() returns trigger
                language plpgsql security definer set search_path = '' as $$
                begin
                    insert into public.profiles (id, full_name)
                    values (new.id, new.raw_user_meta_data ->> 'full_name');
                    return new;
                end;
                $$;
                drop trigger if exists on_auth_user_created on auth.users;
                create trigger on_auth_user_created after insert on auth.users
                    for each row execute procedure public.handle_new_user();
            """,
            "seed.sql": ADA + BOB,
        },
        (AS_ADA, "select full_name from public.profiles"),
        (("ada",),),
    ),
    Shape(
        "storage buckets with a policy by folder",
        {
            "migrations/20240101000000_avatars.sql": """
                insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
                values ('avatars', 'avatars', true, 1048576, array['image/png'])
                on conflict (id) do nothing;
                create policy "Own folder: read" on storage.objects for select to authenticated
                using (bucket_id = 'avatars' and (storage.foldername(name))[1] = auth.uid()::text);
                create policy "Own folder: write" on storage.objects for insert to authenticated
                with check (
                    bucket_id = 'avatars'
                    and (storage.foldername(name))[1] = (select auth.uid()::text)
                    and storage.extension(name) = 'png'
                );
                drop policy if exists "Nobody made this one" on storage.objects;
            """,
            "seed.sql": """
                insert into storage.objects (bucket_id, name) values
                    ('avatars', '@ada@/face.png'), ('avatars', '@bob@/face.png');
            """,
        },
        (
            AS_ADA,
            "insert into storage.objects (bucket_id, name) values ('avatars', '@ada@/new.png')",
            "select split_part(name, '/', 2) from storage.objects order by name",
        ),
        (("face.png",), ("new.png",)),
    ),
    Shape(
        "a trigger on storage.objects",
        {
            "migrations/20240101000000_uploads.sql": """
                create table public.uploads (path text primary key);
                create function public.note_upload() returns trigger
                language plpgsql security definer set search_path = '' as $$
                begin
                    insert into public.uploads (path) values (new.bucket_id || '/' || new.name);
                    return new;
                end;
                $$;
                create trigger note_upload after insert on storage.objects
                    for each row execute function public.note_upload();
                insert into storage.buckets (id, name) values ('inbox', 'inbox');
            """,
            "seed.sql": "insert into storage.objects (bucket_id, name) values ('inbox', 'a.txt');",
        },
        ("select path from public.uploads",),
        (("inbox/a.txt",),),
    ),
    Shape(
        "tables added to the realtime publication",
        {
            "migrations/20240101000000_messages.sql": """
                create table public.messages (id bigint primary key, body text);
                create table public.rooms (id bigint primary key);
                alter publication supabase_realtime add table public.messages, public.rooms;
                alter publication supabase_realtime drop table public.rooms;
                alter table public.messages replica identity full;
            """,
        },
        (
            (
                "select tablename, relreplident::text from pg_publication_tables"
                " inner join pg_class as rel on rel.oid = ('public.' || tablename)::regclass"
                " where pubname = 'supabase_realtime'"
            ),
        ),
        (("messages", "f"),),
    ),
    Shape(
        "the realtime publication made anew for all tables",
        {
            "migrations/20240101000000_all.sql": """
                begin;
                drop publication if exists supabase_realtime;
                create publication supabase_realtime for all tables;
                commit;
            """,
        },
        (
            (
                "select puballtables, pubowner::regrole::text from pg_publication"
                " where pubname = 'supabase_realtime'"
            ),
        ),
        ((True, "postgres"),),
    ),
    Shape(
        "broadcasts from the database",
        {
            "migrations/20240101000000_broadcast.sql": """
                create table public.orders (id bigint primary key, state text);
                create policy "Hear your orders." on realtime.messages for select to authenticated
                    using ((select realtime.topic()) like 'order:%' and extension = 'broadcast');
                create function public.tell() returns trigger
                language plpgsql security definer as $$
                begin
                    perform realtime.broadcast_changes(
                        'order:' || coalesce(new.id, old.id)::text, tg_op, tg_op,
                        tg_table_name, tg_table_schema, new, old
                    );
                    return null;
                end;
                $$;
                create trigger tell after insert or update or delete on public.orders
                    for each row execute function public.tell();
            """,
            "seed.sql": """
                insert into public.orders values (1, 'new');
                select realtime.send('{"hello": true}', 'greeting', 'order:2', false);
            """,
        },
        ("select topic, event, private from realtime.messages order by topic",),
        (("order:1", "INSERT", True), ("order:2", "greeting", False)),
    ),
    Shape(
        "cron jobs scheduled, replaced and removed",
        {
            "migrations/20240101000000_jobs.sql": """
                create extension if not exists pg_cron with schema pg_catalog;
                grant usage on schema cron to postgres;
                grant all privileges on all tables in schema cron to postgres;
                select cron.schedule('nightly', '0 3 * * *', 'vacuum');
                select cron.schedule('often', '30 seconds', $$select 1$$);
                do $$
                begin
                    if exists (select 1 from cron.job where jobname = 'often') then
                        perform cron.unschedule('often');
                    end if;
                end $$;
                select cron.unschedule(jobid) from cron.job where jobname = 'absent';
            """,
            "migrations/20240102000000_later.sql": """
                select cron.schedule('nightly', '0 4 * * *', 'vacuum analyze');
            """,
        },
        ("select jobname, schedule, command, username from cron.job",),
        (("nightly", "0 4 * * *", "vacuum analyze", "postgres"),),
    ),
    Shape(
        "requests queued by pg_net",
        {
            "migrations/20240101000000_net.sql": """
                create extension if not exists "pg_net" with schema "extensions";
                create table public.events (id bigint primary key);
                create function public.notify_outside() returns trigger
                language plpgsql security definer as $$
                begin
                    perform net.http_post(
                        url := 'https://example.com/hook',
                        headers := '{"Content-Type": "application/json"}'::jsonb,
                        body := jsonb_build_object('id', new.id)
                    );
                    return new;
                end;
                $$;
                create trigger notify_outside after insert on public.events
                    for each row execute function public.notify_outside();
            """,
            "seed.sql": "insert into public.events values (7);",
        },
        ("select method, url, convert_from(body, 'utf8') from net.http_request_queue",),
        (("POST", "https://example.com/hook", '{"id": 7}'),),
    ),
    Shape(
        "a webhook as the dashboard makes it",
        {
            "migrations/20240101000000_hook.sql": """
                create table public.leads (id bigint primary key);
                create trigger "lead_hook" after insert on public.leads for each row
                execute function supabase_functions.http_request(
                    'https://example.com/lead', 'POST',
                    '{"Content-Type":"application/json"}', '{}', '1000'
                );
            """,
            "seed.sql": "insert into public.leads values (1);",
        },
        (
            (
                "select hook_name, (convert_from(body, 'utf8')::jsonb) -> 'record'"
                " from supabase_functions.hooks"
                " inner join net.http_request_queue as queue on queue.id = request_id"
            ),
        ),
        (("lead_hook", {"id": 1}),),
    ),
    Shape(
        "secrets in the vault, read by a function",
        {
            "migrations/20240101000000_secret.sql": """
                create extension if not exists supabase_vault with schema vault;
                select vault.create_secret('first', 'api_key', 'of the mailer');
                select vault.update_secret(
                    (select id from vault.secrets where name = 'api_key'), 'second'
                );
                create function public.api_key() returns text
                language sql security definer set search_path = '' as $$
                    select decrypted_secret from vault.decrypted_secrets where name = 'api_key'
                $$;
                revoke execute on function public.api_key() from public, anon, authenticated;
            """,
        },
        ("select public.api_key(), has_function_privilege('anon', 'public.api_key()', 'execute')",),
        (("second", False),),
    ),
    Shape(
        "a seed of users with passwords and identities",
        {
            "migrations/20240101000000_nothing.sql": "select 1;",
            "seed.sql": """
                create extension if not exists pgcrypto with schema extensions;
                insert into auth.users (
                    instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
                    recovery_sent_at, last_sign_in_at, raw_app_meta_data, raw_user_meta_data,
                    created_at, updated_at, confirmation_token, email_change,
                    email_change_token_new, recovery_token
                ) values (
                    '00000000-0000-0000-0000-000000000000', '@ada@', 'authenticated',
                    'authenticated', 'ada@example.com', crypt('secret', gen_salt('bf', 4)),
                    current_timestamp, current_timestamp, current_timestamp,
                    '{"provider":"email","providers":["email"]}', '{}', now(), now(),
                    '', '', '', ''
                );
                insert into auth.identities (
                    id, user_id, provider_id, identity_data, provider, last_sign_in_at,
                    created_at, updated_at
                ) (
                    select uuid_generate_v4(), id, id,
                        format('{"sub":"%s","email":"%s"}', id::text, email)::jsonb,
                        'email', now(), now(), now()
                    from auth.users
                );
            """,
        },
        (
            (
                "select u.encrypted_password = extensions.crypt('secret', u.encrypted_password),"
                " i.email, u.confirmed_at is not null"
                " from auth.users as u inner join auth.identities as i on i.user_id = u.id"
            ),
        ),
        ((True, "ada@example.com", True),),
    ),
    Shape(
        "a custom access token hook",
        {
            "migrations/20240101000000_hook.sql": """
                create table public.user_roles (
                    user_id uuid primary key references auth.users, role text not null
                );
                alter table public.user_roles enable row level security;
                create function public.custom_access_token_hook(event jsonb) returns jsonb
                language plpgsql stable as $$
                begin
                    return jsonb_set(event, '{claims,user_role}', coalesce(
                        (
                            select to_jsonb(role) from public.user_roles
                            where user_id = (event ->> 'user_id')::uuid
                        ),
                        'null'
                    ));
                end;
                $$;
                grant usage on schema public to supabase_auth_admin;
                grant execute on function public.custom_access_token_hook to supabase_auth_admin;
                revoke execute on function public.custom_access_token_hook
                    from authenticated, anon, public;
                grant all on table public.user_roles to supabase_auth_admin;
                revoke all on table public.user_roles from authenticated, anon, public;
                create policy "Auth reads roles." on public.user_roles as permissive
                    for select to supabase_auth_admin using (true);
            """,
            "seed.sql": ADA + ROLE,
        },
        (
            (
                "select public.custom_access_token_hook("
                """'{"user_id": "@ada@", "claims": {}}') #>> '{claims,user_role}',"""
                " has_function_privilege("
                "'supabase_auth_admin', 'public.custom_access_token_hook(jsonb)', 'execute'),"
                " has_function_privilege("
                "'authenticated', 'public.custom_access_token_hook(jsonb)', 'execute')"
            ),
        ),
        (("editor", True, False),),
    ),
    Shape(
        "queues of pgmq behind functions of the API",
        {
            "migrations/20240101000000_queue.sql": """
                create extension if not exists pgmq;
                select pgmq.create('mails');
                alter table pgmq.q_mails enable row level security;
                grant usage on schema pgmq to service_role;
                grant all on all tables in schema pgmq to service_role;
                create function public.next_mail() returns jsonb
                language sql security definer set search_path = '' as $$
                    select message from pgmq.pop('mails')
                $$;
            """,
            "seed.sql": """select pgmq.send('mails', '{"to": "ada"}'::jsonb);""",
        },
        ("select public.next_mail() ->> 'to', (select count(*) from pgmq.meta)",),
        (("ada", 1),),
    ),
)
