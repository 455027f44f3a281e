-- Invitation campaigns: the user creates one, the backend runs it and counts.

create type public.invitation_job_status as enum (
    'pending',
    'running',
    'paused',
    'completed',
    'failed',
    'canceled'
);

comment on type public.invitation_job_status is 'Where the backend is with a campaign.';

create table public.invitation_jobs (
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    template_id uuid,
    name text not null,
    status public.invitation_job_status not null default 'pending',
    scheduled_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    recipient_count integer not null default 0,
    sent_count integer not null default 0,
    accepted_count integer not null default 0,
    failed_count integer not null default 0,
    last_error text,
    constraint invitation_jobs_pkey primary key (id),
    constraint invitation_jobs_user_id_fkey foreign key (user_id)
    references auth.users (id) on delete cascade,
    -- Both columns: another user's template is as absent as one that does not exist.
    constraint invitation_jobs_template_id_fkey foreign key (template_id, user_id)
    references public.invitation_templates (id, user_id) on delete set null (template_id),
    constraint invitation_jobs_name_check check (char_length(name) between 1 and 120),
    constraint invitation_jobs_recipient_count_check check (recipient_count >= 0),
    constraint invitation_jobs_accepted_count_check
    check (accepted_count >= 0 and accepted_count <= sent_count),
    constraint invitation_jobs_failed_count_check check (failed_count >= 0),
    constraint invitation_jobs_finished_at_check check (finished_at >= started_at)
);

create index invitation_jobs_user_id_idx on public.invitation_jobs (user_id);

create index invitation_jobs_template_id_user_id_idx
on public.invitation_jobs (template_id, user_id);

alter table public.invitation_jobs enable row level security;

create trigger touch_updated_at
before update on public.invitation_jobs
for each row
execute function public.touch_updated_at();

create policy "Users can view their own invitation jobs."
on public.invitation_jobs
for select
to authenticated
using ((select auth.uid()) = user_id);

create policy "Users can create their own invitation jobs."
on public.invitation_jobs
for insert
to authenticated
with check ((select auth.uid()) = user_id);

revoke all on table public.invitation_jobs from public, anon, authenticated, service_role;
grant select on table public.invitation_jobs to authenticated;
-- Status, times and counts are what the backend observed.
grant insert (user_id, template_id, name, scheduled_at)
on table public.invitation_jobs to authenticated;
grant select, insert, update, delete on table public.invitation_jobs to service_role;

comment on table public.invitation_jobs is
'Invitation campaigns with their status and metrics.';
comment on column public.invitation_jobs.id is 'Primary key.';
comment on column public.invitation_jobs.created_at is 'When the campaign was created.';
comment on column public.invitation_jobs.updated_at is
'When the campaign last changed; kept by the database.';
comment on column public.invitation_jobs.user_id is 'The owner; goes with the auth user.';
comment on column public.invitation_jobs.template_id is
'The message to send; always the same user''s, NULL once it is deleted.';
comment on column public.invitation_jobs.name is 'What the user calls the campaign.';
comment on column public.invitation_jobs.status is
'Where the backend is with it; server only.';
comment on column public.invitation_jobs.scheduled_at is
'When to begin; NULL for as soon as possible.';
comment on column public.invitation_jobs.started_at is 'When it began; server only.';
comment on column public.invitation_jobs.finished_at is 'When it ended; server only.';
comment on column public.invitation_jobs.recipient_count is
'How many are to be invited; server only.';
comment on column public.invitation_jobs.sent_count is
'How many invitations went out; server only.';
comment on column public.invitation_jobs.accepted_count is
'How many were accepted; server only.';
comment on column public.invitation_jobs.failed_count is
'How many could not be sent; server only.';
comment on column public.invitation_jobs.last_error is
'Why it stopped, for the owner to read; server only.';
comment on policy "Users can view their own invitation jobs." on public.invitation_jobs is
'A campaign shows whom a user courts: nobody else sees it.';
comment on policy "Users can create their own invitation jobs." on public.invitation_jobs is
'A user starts campaigns for himself; running and counting them is the backend''s.';
