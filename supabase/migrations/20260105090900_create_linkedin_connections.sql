-- A user's network on LinkedIn, as it grows.

create type public.linkedin_connection_state as enum ('pending', 'connected', 'removed');

comment on type public.linkedin_connection_state is
'Whether a person is in the user''s network.';

create table public.linkedin_connections (
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    linkedin_profile_url text not null,
    full_name text,
    headline text,
    company text,
    state public.linkedin_connection_state not null default 'pending',
    provider_member_id text,
    connected_at timestamptz,
    constraint linkedin_connections_pkey primary key (id),
    -- What the events refer to, so that one cannot hang under another user's connection.
    constraint linkedin_connections_id_user_id_key unique (id, user_id),
    -- Within one user: nobody learns whom another knows. Also serves the policies.
    constraint linkedin_connections_user_id_linkedin_profile_url_key
    unique (user_id, linkedin_profile_url),
    constraint linkedin_connections_user_id_fkey foreign key (user_id)
    references auth.users (id) on delete cascade,
    constraint linkedin_connections_linkedin_profile_url_check
    check (linkedin_profile_url like 'https://%' and char_length(linkedin_profile_url) <= 500),
    constraint linkedin_connections_full_name_check
    check (char_length(full_name) between 1 and 200),
    constraint linkedin_connections_headline_check check (char_length(headline) <= 500),
    constraint linkedin_connections_company_check check (char_length(company) <= 200),
    constraint linkedin_connections_connected_at_check
    check (state <> 'connected' or connected_at is not null)
);

alter table public.linkedin_connections enable row level security;

create trigger touch_updated_at
before update on public.linkedin_connections
for each row
execute function public.touch_updated_at();

create policy "Users can view their own LinkedIn connections."
on public.linkedin_connections
for select
to authenticated
using ((select auth.uid()) = user_id);

create policy "Users can create their own LinkedIn connections."
on public.linkedin_connections
for insert
to authenticated
with check ((select auth.uid()) = user_id);

revoke all on table public.linkedin_connections from public, anon, authenticated, service_role;
grant select on table public.linkedin_connections to authenticated;
-- Whether it is a connection yet is what the provider reports.
grant insert (user_id, linkedin_profile_url, full_name, headline, company)
on table public.linkedin_connections to authenticated;
grant select, insert, update, delete on table public.linkedin_connections to service_role;

comment on table public.linkedin_connections is
'LinkedIn connections of one user, for monitoring how the network grows.';
comment on column public.linkedin_connections.id is 'Primary key.';
comment on column public.linkedin_connections.created_at is 'When the row was created.';
comment on column public.linkedin_connections.updated_at is
'When the row last changed; kept by the database.';
comment on column public.linkedin_connections.user_id is 'The owner; goes with the auth user.';
comment on column public.linkedin_connections.linkedin_profile_url is
'The person; once per user.';
comment on column public.linkedin_connections.full_name is 'Name of the person.';
comment on column public.linkedin_connections.headline is 'Headline of the person.';
comment on column public.linkedin_connections.company is 'Company of the person.';
comment on column public.linkedin_connections.state is
'Whether it is a connection yet, as the provider reports it; server only.';
comment on column public.linkedin_connections.provider_member_id is
'The person''s id at the provider; server only.';
comment on column public.linkedin_connections.connected_at is
'When the invitation was accepted; server only.';
comment on policy "Users can view their own LinkedIn connections."
on public.linkedin_connections is
'Whom a user knows is his own affair.';
comment on policy "Users can create their own LinkedIn connections."
on public.linkedin_connections is
'A user records whom he has met; what becomes of it the backend observes.';
