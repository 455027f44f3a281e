-- The messages that a user sends with his invitations.

create table public.invitation_templates (
    id uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    user_id uuid not null,
    name text not null,
    message text not null,
    constraint invitation_templates_pkey primary key (id),
    -- What invitation_jobs refers to, so that a job cannot use another user's template.
    constraint invitation_templates_id_user_id_key unique (id, user_id),
    -- Within one user: nobody learns which names another has taken. Also serves the policies.
    constraint invitation_templates_user_id_name_key unique (user_id, name),
    constraint invitation_templates_user_id_fkey foreign key (user_id)
    references auth.users (id) on delete cascade,
    constraint invitation_templates_name_check check (char_length(name) between 1 and 120),
    -- LinkedIn takes no longer note with an invitation.
    constraint invitation_templates_message_check check (char_length(message) between 1 and 300)
);

alter table public.invitation_templates enable row level security;

create trigger touch_updated_at
before update on public.invitation_templates
for each row
execute function public.touch_updated_at();

create policy "Users can view their own invitation templates."
on public.invitation_templates
for select
to authenticated
using ((select auth.uid()) = user_id);

create policy "Users can create their own invitation templates."
on public.invitation_templates
for insert
to authenticated
with check ((select auth.uid()) = user_id);

create policy "Users can update their own invitation templates."
on public.invitation_templates
for update
to authenticated
using ((select auth.uid()) = user_id)
with check ((select auth.uid()) = user_id);

create policy "Users can delete their own invitation templates."
on public.invitation_templates
for delete
to authenticated
using ((select auth.uid()) = user_id);

revoke all on table public.invitation_templates from public, anon, authenticated, service_role;
grant select, delete on table public.invitation_templates to authenticated;
grant insert (user_id, name, message) on table public.invitation_templates to authenticated;
grant update (name, message) on table public.invitation_templates to authenticated;
grant select, insert, update, delete on table public.invitation_templates to service_role;

comment on table public.invitation_templates is
'Message templates for invitation campaigns.';
comment on column public.invitation_templates.id is 'Primary key.';
comment on column public.invitation_templates.created_at is 'When the template was created.';
comment on column public.invitation_templates.updated_at is
'When the template last changed; kept by the database.';
comment on column public.invitation_templates.user_id is 'The owner; goes with the auth user.';
comment on column public.invitation_templates.name is
'What the user calls it; once per user.';
comment on column public.invitation_templates.message is
'The note, at most 300 characters; {{first_name}} and the like are filled in when it is sent.';
comment on policy "Users can view their own invitation templates."
on public.invitation_templates is
'What a user writes to his prospects is his own affair.';
comment on policy "Users can create their own invitation templates."
on public.invitation_templates is
'A user writes templates for himself.';
comment on policy "Users can update their own invitation templates."
on public.invitation_templates is
'The owner edits his text and cannot give it away.';
comment on policy "Users can delete their own invitation templates."
on public.invitation_templates is
'The owner throws his text away; jobs that used it go on without.';
