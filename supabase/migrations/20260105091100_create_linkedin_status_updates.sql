-- Changes of a LinkedIn account's state: a log that the backend writes and the owner reads.

create table public.linkedin_status_updates (
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    user_id uuid not null,
    previous_status public.linkedin_connection_status,
    status public.linkedin_connection_status not null,
    reason text,
    constraint linkedin_status_updates_pkey primary key (id),
    constraint linkedin_status_updates_user_id_fkey foreign key (user_id)
    references auth.users (id) on delete cascade,
    constraint linkedin_status_updates_status_check check (status <> previous_status),
    constraint linkedin_status_updates_reason_check check (char_length(reason) <= 1000)
);

create index linkedin_status_updates_user_id_created_at_idx
on public.linkedin_status_updates (user_id, created_at);

alter table public.linkedin_status_updates enable row level security;

create policy "Users can view their own LinkedIn status updates."
on public.linkedin_status_updates
for select
to authenticated
using ((select auth.uid()) = user_id);

revoke all on table public.linkedin_status_updates
from public, anon, authenticated, service_role;
grant select on table public.linkedin_status_updates to authenticated;
grant select, insert, update, delete
on table public.linkedin_status_updates to service_role;

comment on table public.linkedin_status_updates is
'Log of LinkedIn status changes, for monitoring the integration; written by the backend only.';
comment on column public.linkedin_status_updates.id is 'Primary key.';
comment on column public.linkedin_status_updates.created_at is 'When the state changed.';
comment on column public.linkedin_status_updates.user_id is
'The owner; goes with the auth user.';
comment on column public.linkedin_status_updates.previous_status is
'The state before; NULL for the first.';
comment on column public.linkedin_status_updates.status is 'The state from then on.';
comment on column public.linkedin_status_updates.reason is
'Why, as the provider puts it.';
comment on policy "Users can view their own LinkedIn status updates."
on public.linkedin_status_updates is
'The owner sees how his integration fares; only the backend writes it.';
