-- The recipients of a campaign; a row belongs to whoever owns its campaign.

create type public.invitation_status as enum (
    'pending',
    'sent',
    'accepted',
    'declined',
    'failed'
);

comment on type public.invitation_status is 'What became of one invitation.';

create table public.invitation_users (
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    job_id uuid not null,
    linkedin_profile_url text not null,
    full_name text,
    headline text,
    status public.invitation_status not null default 'pending',
    sent_at timestamptz,
    responded_at timestamptz,
    last_error text,
    constraint invitation_users_pkey primary key (id),
    -- Nobody is invited twice by one campaign. Also serves the foreign key and the policies.
    constraint invitation_users_job_id_linkedin_profile_url_key
    unique (job_id, linkedin_profile_url),
    constraint invitation_users_job_id_fkey foreign key (job_id)
    references public.invitation_jobs (id) on delete cascade,
    -- A link that the frontend may render: no javascript: URL gets in.
    constraint invitation_users_linkedin_profile_url_check
    check (linkedin_profile_url like 'https://%' and char_length(linkedin_profile_url) <= 500),
    constraint invitation_users_full_name_check check (char_length(full_name) between 1 and 200),
    constraint invitation_users_headline_check check (char_length(headline) <= 500),
    constraint invitation_users_sent_at_check
    check (status in ('pending', 'failed') or sent_at is not null),
    constraint invitation_users_responded_at_check check (responded_at >= sent_at)
);

alter table public.invitation_users enable row level security;

create trigger touch_updated_at
before update on public.invitation_users
for each row
execute function public.touch_updated_at();

create policy "Users can view recipients of their own invitation jobs."
on public.invitation_users
for select
to authenticated
using (
    exists (
        select 1
        from public.invitation_jobs as job
        where
            job.id = invitation_users.job_id
            and job.user_id = (select auth.uid())
    )
);

create policy "Users can add recipients to their own invitation jobs."
on public.invitation_users
for insert
to authenticated
with check (
    exists (
        select 1
        from public.invitation_jobs as job
        where
            job.id = invitation_users.job_id
            and job.user_id = (select auth.uid())
    )
);

create policy "Users can update recipients of their own invitation jobs."
on public.invitation_users
for update
to authenticated
using (
    exists (
        select 1
        from public.invitation_jobs as job
        where
            job.id = invitation_users.job_id
            and job.user_id = (select auth.uid())
    )
)
with check (
    exists (
        select 1
        from public.invitation_jobs as job
        where
            job.id = invitation_users.job_id
            and job.user_id = (select auth.uid())
    )
);

create policy "Users can remove pending recipients of their own jobs."
on public.invitation_users
for delete
to authenticated
using (
    status = 'pending'
    and exists (
        select 1
        from public.invitation_jobs as job
        where
            job.id = invitation_users.job_id
            and job.user_id = (select auth.uid())
    )
);

revoke all on table public.invitation_users from public, anon, authenticated, service_role;
grant select, delete on table public.invitation_users to authenticated;
-- What became of an invitation is what the backend observed.
grant insert (job_id, linkedin_profile_url, full_name, headline)
on table public.invitation_users to authenticated;
grant update (full_name, headline) on table public.invitation_users to authenticated;
grant select, insert, update, delete on table public.invitation_users to service_role;

comment on table public.invitation_users is
'Invitation recipients; each belongs to a campaign and through it to a user.';
comment on column public.invitation_users.id is 'Primary key.';
comment on column public.invitation_users.created_at is 'When the recipient was added.';
comment on column public.invitation_users.updated_at is
'When the row last changed; kept by the database.';
comment on column public.invitation_users.job_id is
'The campaign, whose owner owns this row; goes with it.';
comment on column public.invitation_users.linkedin_profile_url is
'Whom to invite; once per campaign.';
comment on column public.invitation_users.full_name is 'Name, for the template.';
comment on column public.invitation_users.headline is 'Headline, for the template.';
comment on column public.invitation_users.status is
'What became of the invitation; server only.';
comment on column public.invitation_users.sent_at is 'When it went out; server only.';
comment on column public.invitation_users.responded_at is
'When it was accepted or declined; server only.';
comment on column public.invitation_users.last_error is
'Why it could not be sent, for the owner to read; server only.';
comment on policy "Users can view recipients of their own invitation jobs."
on public.invitation_users is
'Recipients are as private as the campaign they hang under.';
comment on policy "Users can add recipients to their own invitation jobs."
on public.invitation_users is
'A campaign of somebody else is refused like one that does not exist.';
comment on policy "Users can update recipients of their own invitation jobs."
on public.invitation_users is
'The owner of the campaign corrects what he entered and cannot move it to another''s.';
comment on policy "Users can remove pending recipients of their own jobs."
on public.invitation_users is
'Only what has not gone out: deleting sent invitations would cheat the daily quota.';
