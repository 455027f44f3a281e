-- The user's core record, under which the provider integrations hang.

create table public.user_profile (
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id_auth uuid not null,
    user_name text,
    providers text[] not null default '{}',
    constraint user_profile_pkey primary key (id),
    -- What provider_data refers to, so that a row cannot hang under another user's profile.
    constraint user_profile_id_user_id_auth_key unique (id, user_id_auth),
    constraint user_profile_user_id_auth_fkey foreign key (user_id_auth)
    references auth.users (id) on delete cascade,
    constraint user_profile_user_name_check check (char_length(user_name) between 1 and 200)
);

create unique index idx_user_profile_user_id_auth on public.user_profile (user_id_auth);

alter table public.user_profile enable row level security;

create trigger touch_updated_at
before update on public.user_profile
for each row
execute function public.touch_updated_at();

create policy "Users can only view their own profile"
on public.user_profile
for select
to authenticated
using ((select auth.uid()) = user_id_auth);

create policy "Users can only update their own profile"
on public.user_profile
for update
to authenticated
using ((select auth.uid()) = user_id_auth)
with check ((select auth.uid()) = user_id_auth);

revoke all on table public.user_profile from public, anon, authenticated, service_role;
grant select on table public.user_profile to authenticated;
-- Not providers: the backend loads what it names, with rights that the user does not have.
grant update (user_name) on table public.user_profile to authenticated;
grant select, insert, update, delete on table public.user_profile to service_role;

comment on table public.user_profile is
'Core user information, one row per auth user; the backend creates it.';
comment on column public.user_profile.id is 'Primary key.';
comment on column public.user_profile.created_at is 'When the row was created.';
comment on column public.user_profile.updated_at is
'When the row last changed; kept by the database.';
comment on column public.user_profile.user_id_auth is 'The owner; goes with the auth user.';
comment on column public.user_profile.user_name is 'Display name, the owner''s to choose.';
comment on column public.user_profile.providers is
'Ids of the associated provider_data rows; server only.';
comment on policy "Users can only view their own profile" on public.user_profile is
'Personal data: nobody but its owner sees it.';
comment on policy "Users can only update their own profile" on public.user_profile is
'The owner changes his own row and cannot give it away.';
comment on index public.idx_user_profile_user_id_auth is
'Finds the profile of an auth user, and keeps it to one.';
