-- LinkedIn profiles that a user has bookmarked.

create table public.saved_profiles (
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    linkedin_profile_url text not null,
    full_name text,
    headline text,
    company text,
    location text,
    constraint saved_profiles_pkey primary key (id),
    -- What leads refers to, so that a lead cannot come from another user's bookmark.
    constraint saved_profiles_id_user_id_key unique (id, user_id),
    -- Within one user: nobody learns whom another has saved. Also serves the policies.
    constraint saved_profiles_user_id_linkedin_profile_url_key
    unique (user_id, linkedin_profile_url),
    constraint saved_profiles_user_id_fkey foreign key (user_id)
    references auth.users (id) on delete cascade,
    constraint saved_profiles_linkedin_profile_url_check
    check (linkedin_profile_url like 'https://%' and char_length(linkedin_profile_url) <= 500),
    constraint saved_profiles_full_name_check check (char_length(full_name) between 1 and 200),
    constraint saved_profiles_headline_check check (char_length(headline) <= 500),
    constraint saved_profiles_company_check check (char_length(company) <= 200),
    constraint saved_profiles_location_check check (char_length(location) <= 200)
);

alter table public.saved_profiles enable row level security;

create trigger touch_updated_at
before update on public.saved_profiles
for each row
execute function public.touch_updated_at();

create policy "Users can view their own saved profiles."
on public.saved_profiles
for select
to authenticated
using ((select auth.uid()) = user_id);

create policy "Users can create their own saved profiles."
on public.saved_profiles
for insert
to authenticated
with check ((select auth.uid()) = user_id);

create policy "Users can delete their own saved profiles."
on public.saved_profiles
for delete
to authenticated
using ((select auth.uid()) = user_id);

revoke all on table public.saved_profiles from public, anon, authenticated, service_role;
grant select, delete on table public.saved_profiles to authenticated;
grant insert (user_id, linkedin_profile_url, full_name, headline, company, location)
on table public.saved_profiles to authenticated;
grant select, insert, update, delete on table public.saved_profiles to service_role;

comment on table public.saved_profiles is 'Bookmarked LinkedIn profiles.';
comment on column public.saved_profiles.id is 'Primary key.';
comment on column public.saved_profiles.created_at is 'When it was saved.';
comment on column public.saved_profiles.updated_at is
'When the backend last refreshed it; kept by the database.';
comment on column public.saved_profiles.user_id is 'The owner; goes with the auth user.';
comment on column public.saved_profiles.linkedin_profile_url is
'The bookmarked profile; once per user.';
comment on column public.saved_profiles.full_name is 'Name as it was when saved.';
comment on column public.saved_profiles.headline is 'Headline as it was when saved.';
comment on column public.saved_profiles.company is 'Company as it was when saved.';
comment on column public.saved_profiles.location is 'Location as it was when saved.';
comment on policy "Users can view their own saved profiles." on public.saved_profiles is
'Whom a user bookmarks is his own affair.';
comment on policy "Users can create their own saved profiles." on public.saved_profiles is
'A user bookmarks for himself.';
comment on policy "Users can delete their own saved profiles." on public.saved_profiles is
'A bookmark that could not be removed would not be one.';
