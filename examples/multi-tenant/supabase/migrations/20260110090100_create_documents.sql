-- What organisations own: invitations that only admins see, and documents that members share.
create table public.invitations (
    id uuid primary key default gen_random_uuid(),
    organisation_id uuid not null references public.organisations (id) on delete cascade,
    email text not null check (email ~ '^[^@]+@[^@]+$'),
    token text not null default encode(extensions.gen_random_bytes(16), 'hex'),
    expires_at timestamptz not null default now() + interval '7 days',
    unique (organisation_id, email)
);

create table public.documents (
    id uuid primary key default gen_random_uuid(),
    organisation_id uuid not null references public.organisations (id) on delete cascade,
    author_id uuid not null default auth.uid(),
    title text not null,
    body text not null default '',
    foreign key (organisation_id, author_id)
    references public.memberships (organisation_id, user_id) on delete cascade
);

create index documents_organisation_id_author_id_idx
on public.documents (organisation_id, author_id);

alter table public.invitations enable row level security;
alter table public.documents enable row level security;

revoke all on public.invitations, public.documents from anon, authenticated;
grant select (id, organisation_id, email, expires_at), delete on public.invitations to authenticated;
grant insert (organisation_id, email) on public.invitations to authenticated;
grant select, delete on public.documents to authenticated;
grant insert (organisation_id, author_id, title, body) on public.documents to authenticated;
grant update (title, body) on public.documents to authenticated;
grant select, insert, update, delete on public.invitations, public.documents to service_role;

create policy "Owners and admins can see invitations." on public.invitations
for select to authenticated
using (private.governs(organisation_id));

create policy "Owners and admins can invite." on public.invitations
for insert to authenticated
with check (private.governs(organisation_id));

create policy "Owners and admins can withdraw invitations." on public.invitations
for delete to authenticated
using (private.governs(organisation_id));

create policy "Members can read the documents of their organisation." on public.documents
for select to authenticated
using (private.role_in(organisation_id) is not null);

create policy "Members can write documents under their own name." on public.documents
for insert to authenticated
with check (private.role_in(organisation_id) is not null and author_id = (select auth.uid()));

create policy "Authors can change their documents." on public.documents
for update to authenticated
using (private.role_in(organisation_id) is not null and author_id = (select auth.uid()))
with check (private.role_in(organisation_id) is not null and author_id = (select auth.uid()));

create policy "Authors and admins can delete documents." on public.documents
for delete to authenticated
using (
    private.governs(organisation_id)
    or (private.role_in(organisation_id) is not null and author_id = (select auth.uid()))
);
