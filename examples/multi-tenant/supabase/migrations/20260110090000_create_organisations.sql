-- Organisations, their members with a role, and the helper functions that policies ask.
create schema private;

create table public.organisations (
    id uuid primary key default gen_random_uuid(),
    name text not null check (char_length(name) between 1 and 80),
    slug text not null unique check (slug ~ '^[a-z0-9-]+$'),
    created_at timestamptz not null default now()
);

create type public.member_role as enum ('owner', 'admin', 'member');

create table public.memberships (
    organisation_id uuid not null references public.organisations (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role public.member_role not null default 'member',
    joined_at timestamptz not null default now(),
    primary key (organisation_id, user_id)
);

create index memberships_user_id_idx on public.memberships (user_id);

-- Definer: a policy on memberships that reads memberships would call itself for ever.
create function private.role_in(organisation uuid)
returns public.member_role
language sql
stable
security definer
set search_path = ''
as $$
    select m.role
    from public.memberships as m
    where m.organisation_id = organisation and m.user_id = (select auth.uid())
$$;

create function private.governs(organisation uuid)
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
    select coalesce(private.role_in(organisation) in ('owner', 'admin'), false)
$$;

revoke execute on function private.role_in(uuid), private.governs(uuid) from public, anon;
grant usage on schema private to authenticated;
grant execute on function private.role_in(uuid), private.governs(uuid) to authenticated;

alter table public.organisations enable row level security;
alter table public.memberships enable row level security;

revoke all on public.organisations, public.memberships from anon, authenticated;
grant select, update (name) on public.organisations to authenticated;
grant select, delete on public.memberships to authenticated;
grant insert (organisation_id, user_id) on public.memberships to authenticated;
grant select, insert, update, delete on public.organisations, public.memberships to service_role;

create policy "Members can see their organisation." on public.organisations
for select to authenticated
using (private.role_in(id) is not null);

create policy "Owners and admins can rename their organisation." on public.organisations
for update to authenticated
using (private.governs(id)) with check (private.governs(id));

create policy "Members can see each other." on public.memberships
for select to authenticated
using (private.role_in(organisation_id) is not null);

create policy "Owners and admins can add members." on public.memberships
for insert to authenticated
with check (private.governs(organisation_id));

create policy "Owners and admins can remove members." on public.memberships
for delete to authenticated
using (private.governs(organisation_id) and role = 'member');
