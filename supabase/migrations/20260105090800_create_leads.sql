-- Potential customers that a user works on.

create type public.lead_status as enum ('new', 'contacted', 'qualified', 'won', 'lost');

comment on type public.lead_status is 'How far a user has come with a lead.';

create table public.leads (
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    saved_profile_id uuid,
    full_name text not null,
    email text,
    company text,
    job_title text,
    linkedin_profile_url text,
    status public.lead_status not null default 'new',
    notes text,
    constraint leads_pkey primary key (id),
    constraint leads_user_id_fkey foreign key (user_id)
    references auth.users (id) on delete cascade,
    -- Both columns: another user's bookmark is as absent as one that does not exist.
    constraint leads_saved_profile_id_fkey foreign key (saved_profile_id, user_id)
    references public.saved_profiles (id, user_id) on delete set null (saved_profile_id),
    constraint leads_full_name_check check (char_length(full_name) between 1 and 200),
    constraint leads_email_check check (email like '%_@_%' and char_length(email) <= 320),
    constraint leads_company_check check (char_length(company) <= 200),
    constraint leads_job_title_check check (char_length(job_title) <= 200),
    constraint leads_linkedin_profile_url_check
    check (linkedin_profile_url like 'https://%' and char_length(linkedin_profile_url) <= 500),
    constraint leads_notes_check check (char_length(notes) <= 10000)
);

create index leads_user_id_idx on public.leads (user_id);

create index leads_saved_profile_id_user_id_idx on public.leads (saved_profile_id, user_id);

alter table public.leads enable row level security;

create trigger touch_updated_at
before update on public.leads
for each row
execute function public.touch_updated_at();

create policy "Users can view their own leads."
on public.leads
for select
to authenticated
using ((select auth.uid()) = user_id);

create policy "Users can create their own leads."
on public.leads
for insert
to authenticated
with check ((select auth.uid()) = user_id);

create policy "Users can update their own leads."
on public.leads
for update
to authenticated
using ((select auth.uid()) = user_id)
with check ((select auth.uid()) = user_id);

create policy "Users can delete their own leads."
on public.leads
for delete
to authenticated
using ((select auth.uid()) = user_id);

revoke all on table public.leads from public, anon, authenticated, service_role;
grant select, delete on table public.leads to authenticated;
grant insert (
    user_id,
    saved_profile_id,
    full_name,
    email,
    company,
    job_title,
    linkedin_profile_url,
    status,
    notes
) on table public.leads to authenticated;
grant update (
    saved_profile_id,
    full_name,
    email,
    company,
    job_title,
    linkedin_profile_url,
    status,
    notes
) on table public.leads to authenticated;
grant select, insert, update, delete on table public.leads to service_role;

comment on table public.leads is 'Potential customers of one user.';
comment on column public.leads.id is 'Primary key.';
comment on column public.leads.created_at is 'When the lead was entered.';
comment on column public.leads.updated_at is
'When the lead last changed; kept by the database.';
comment on column public.leads.user_id is 'The owner; goes with the auth user.';
comment on column public.leads.saved_profile_id is
'The bookmark it came from; always the same user''s, NULL once that is deleted.';
comment on column public.leads.full_name is 'Name of the person.';
comment on column public.leads.email is 'Address, where known.';
comment on column public.leads.company is 'Company, where known.';
comment on column public.leads.job_title is 'What the person does there.';
comment on column public.leads.linkedin_profile_url is 'LinkedIn profile, where known.';
comment on column public.leads.status is 'How far the user has come.';
comment on column public.leads.notes is 'The user''s own notes.';
comment on policy "Users can view their own leads." on public.leads is
'Personal data of third parties: only the user who entered it sees it.';
comment on policy "Users can create their own leads." on public.leads is
'A user enters leads for himself.';
comment on policy "Users can update their own leads." on public.leads is
'The owner works on his leads and cannot slip one to somebody else.';
comment on policy "Users can delete their own leads." on public.leads is
'People may ask to be forgotten: the owner can do it.';
