-- What happened on a connection: a log that the backend writes and the owner reads.

create type public.linkedin_connection_event_type as enum (
    'invitation_sent',
    'invitation_accepted',
    'invitation_declined',
    'message_sent',
    'message_received',
    'connection_removed'
);

comment on type public.linkedin_connection_event_type is
'What can happen on a LinkedIn connection.';

create table public.linkedin_connection_events (
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    connection_id uuid not null,
    event_type public.linkedin_connection_event_type not null,
    occurred_at timestamptz not null default now(),
    details jsonb not null default '{}',
    constraint linkedin_connection_events_pkey primary key (id),
    constraint linkedin_connection_events_user_id_fkey foreign key (user_id)
    references auth.users (id) on delete cascade,
    -- Both columns: even the backend cannot log an event under another user's connection.
    constraint linkedin_connection_events_connection_id_fkey
    foreign key (connection_id, user_id)
    references public.linkedin_connections (id, user_id) on delete cascade,
    constraint linkedin_connection_events_details_check
    check (jsonb_typeof(details) = 'object')
);

create index linkedin_connection_events_user_id_occurred_at_idx
on public.linkedin_connection_events (user_id, occurred_at);

create index linkedin_connection_events_connection_id_user_id_idx
on public.linkedin_connection_events (connection_id, user_id);

alter table public.linkedin_connection_events enable row level security;

create policy "Users can view their own LinkedIn connection events."
on public.linkedin_connection_events
for select
to authenticated
using ((select auth.uid()) = user_id);

revoke all on table public.linkedin_connection_events
from public, anon, authenticated, service_role;
grant select on table public.linkedin_connection_events to authenticated;
grant select, insert, update, delete
on table public.linkedin_connection_events to service_role;

comment on table public.linkedin_connection_events is
'Log of what happened on LinkedIn connections; written by the backend only.';
comment on column public.linkedin_connection_events.id is 'Primary key.';
comment on column public.linkedin_connection_events.created_at is 'When it was logged.';
comment on column public.linkedin_connection_events.user_id is
'The owner; goes with the auth user.';
comment on column public.linkedin_connection_events.connection_id is
'The connection; always the same user''s.';
comment on column public.linkedin_connection_events.event_type is 'What happened.';
comment on column public.linkedin_connection_events.occurred_at is 'When it happened.';
comment on column public.linkedin_connection_events.details is
'What else the provider told, as an object.';
comment on policy "Users can view their own LinkedIn connection events."
on public.linkedin_connection_events is
'A log shows whom a user talks to: the owner reads it, only the backend writes it.';
