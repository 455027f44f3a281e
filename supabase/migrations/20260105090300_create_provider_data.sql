-- What connects a user to an outside provider: tokens and configuration, one row per connection.

create table public.provider_data (
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    provider_id_ref uuid not null,
    auth_provider_id uuid not null,
    name text,
    type numeric not null,
    token text,
    refresh text,
    expires text,
    data jsonb,
    constraint provider_data_pkey primary key (id),
    constraint provider_data_auth_provider_id_fkey foreign key (auth_provider_id)
    references auth.users (id) on delete cascade,
    -- Both columns: a profile that is not the same user's is as absent as one that does not exist.
    constraint provider_data_provider_id_ref_fkey foreign key (provider_id_ref, auth_provider_id)
    references public.user_profile (id, user_id_auth) on delete cascade,
    constraint provider_data_type_check check (type in (1, 2, 3)),
    constraint provider_data_name_check check (char_length(name) between 1 and 200)
);

create index idx_provider_data_provider_id
on public.provider_data (provider_id_ref, auth_provider_id);

create index idx_provider_data_auth_id on public.provider_data (auth_provider_id);

alter table public.provider_data enable row level security;

create policy "Users can only view their own provider data"
on public.provider_data
for select
to authenticated
using ((select auth.uid()) = auth_provider_id);

create policy "Users can only update their own provider data"
on public.provider_data
for update
to authenticated
using ((select auth.uid()) = auth_provider_id)
with check ((select auth.uid()) = auth_provider_id);

create policy "Users can only insert provider data for themselves"
on public.provider_data
for insert
to authenticated
with check ((select auth.uid()) = auth_provider_id);

revoke all on table public.provider_data from public, anon, authenticated, service_role;
grant select on table public.provider_data to authenticated;
-- Not id: a duplicate-key error would tell whether another row has it.
grant insert (provider_id_ref, auth_provider_id, name, type, token, refresh, expires, data)
on table public.provider_data to authenticated;
-- Neither owner nor profile nor type: a connection is renewed, it does not become another one.
grant update (name, token, refresh, expires, data)
on table public.provider_data to authenticated;
grant select, insert, update, delete on table public.provider_data to service_role;

comment on table public.provider_data is
'Provider-specific tokens and configuration of one user.';
comment on column public.provider_data.id is 'Primary key.';
comment on column public.provider_data.created_at is 'When the connection was made.';
comment on column public.provider_data.provider_id_ref is
'The user_profile that it belongs to; always the same user''s.';
comment on column public.provider_data.auth_provider_id is
'The owner; goes with the auth user.';
comment on column public.provider_data.name is 'Name of the provider.';
comment on column public.provider_data.type is
'1: GHL (Go High Level), 2: email provider, 3: phone system.';
comment on column public.provider_data.token is
'Access token; only the owner and the backend read it.';
comment on column public.provider_data.refresh is
'Refresh token; only the owner and the backend read it.';
comment on column public.provider_data.expires is
'When the token expires, as the provider writes it.';
comment on column public.provider_data.data is 'Whatever else the provider needs.';
comment on policy "Users can only view their own provider data" on public.provider_data is
'Tokens are only for the user who connected the provider.';
comment on policy "Users can only update their own provider data" on public.provider_data is
'The owner renews his tokens and cannot give the row away.';
comment on policy "Users can only insert provider data for themselves" on public.provider_data is
'A user connects providers for himself; the foreign key keeps the row under his own profile.';
comment on index public.idx_provider_data_provider_id is
'Finds the providers of a profile, and serves the foreign key.';
comment on index public.idx_provider_data_auth_id is
'Finds the providers of an auth user, for the policies.';
