# ruff: noqa: E501, S608 - schemas read better in long lines, and nothing of them is input
"""Schemas of organisations, teams and workspaces, and ways in which their policies go wrong."""

from __future__ import annotations

_GRANTS = """
revoke all on all tables in schema public from anon, authenticated;
grant select, insert, update, delete on all tables in schema public to authenticated, service_role;
"""

_ORGANISATIONS = """
create table public.organizations (
    id uuid primary key default gen_random_uuid(), name text not null);
create table public.members (
    org_id uuid not null references public.organizations (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null default 'member' check (role in ('owner', 'admin', 'member')),
    primary key (org_id, user_id));
create table public.documents (
    id uuid primary key default gen_random_uuid(),
    org_id uuid not null references public.organizations (id) on delete cascade,
    created_by uuid not null references auth.users (id) on delete cascade,
    title text not null);
create schema private;
grant usage on schema private to authenticated;
create function private.orgs() returns setof uuid language sql stable security definer set search_path = ''
as $$ select m.org_id from public.members as m where m.user_id = (select auth.uid()) $$;
create function private.is_admin(org uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.members as m where m.org_id = org
                     and m.user_id = (select auth.uid()) and m.role in ('owner', 'admin')) $$;
alter table public.organizations enable row level security;
alter table public.members enable row level security;
alter table public.documents enable row level security;
create policy see on public.organizations for select to authenticated using (id in (select private.orgs()));
create policy change on public.organizations for update to authenticated
    using (private.is_admin(id)) with check (private.is_admin(id));
create policy see on public.members for select to authenticated using (org_id in (select private.orgs()));
create policy manage on public.members for all to authenticated
    using (private.is_admin(org_id)) with check (private.is_admin(org_id));
create policy see on public.documents for select to authenticated using (org_id in (select private.orgs()));
create policy add on public.documents for insert to authenticated
    with check (org_id in (select private.orgs()) and created_by = (select auth.uid()));
create policy change on public.documents for update to authenticated
    using (org_id in (select private.orgs()) and created_by = (select auth.uid()))
    with check (org_id in (select private.orgs()) and created_by = (select auth.uid()));
create policy remove on public.documents for delete to authenticated using (private.is_admin(org_id));
"""

ORGANISATIONS = (
    _ORGANISATIONS
    + _GRANTS
    + "revoke update on public.documents from authenticated; grant update (title) on public.documents to authenticated;"
)

# Whoever is an admin of any organisation: the check never says of which.
ADMIN_ANYWHERE = (
    ORGANISATIONS
    + """
create function private.is_admin() returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.members as m where m.user_id = (select auth.uid()) and m.role in ('owner', 'admin')) $$;
alter policy remove on public.documents using (private.is_admin());
"""
)

# The column inside the sub-select shadows the one outside: org_id is compared with itself.
SHADOWED = (
    ORGANISATIONS
    + """
create policy "admins read" on public.documents for select to authenticated
using (exists (select 1 from public.members where members.org_id = org_id
               and members.user_id = (select auth.uid()) and members.role = 'admin'));
"""
)

# Belonging and power are asked apart, so that they may come from different organisations.
ASKED_APART = (
    ORGANISATIONS
    + """
create function private.is_admin() returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.members as m where m.user_id = (select auth.uid()) and m.role in ('owner', 'admin')) $$;
alter policy remove on public.documents using (org_id in (select private.orgs()) and private.is_admin());
"""
)

# A sub-select that expects one membership fails for whoever has two.
ONE_ONLY = (
    ORGANISATIONS
    + """
alter policy see on public.documents
using (org_id = (select m.org_id from public.members as m where m.user_id = (select auth.uid())));
"""
)

# A helper that knows one organisation per user lets whoever has two into one of them.
FIRST_ONLY = ORGANISATIONS.replace(
    "select m.org_id from public.members as m where m.user_id = (select auth.uid()) $$",
    "select m.org_id from public.members as m where m.user_id = (select auth.uid()) limit 1 $$",
)
LEAST_ONLY = ORGANISATIONS.replace(
    "select m.org_id from public.members as m",
    "select min(m.org_id::text)::uuid from public.members as m",
)
GREATEST_ONLY = LEAST_ONLY.replace("min(", "max(")

# Members of two organisations may take documents from the one to the other.
TAKEN_ALONG = (
    ORGANISATIONS
    + """
grant update (org_id) on public.documents to authenticated;
alter policy change on public.documents using (org_id in (select private.orgs()))
with check (org_id in (select private.orgs()));
"""
)

# One organisation per user, noted on his profile.
_COMPANIES = """
create table public.companies (id uuid primary key default gen_random_uuid(), name text not null);
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    company_id uuid references public.companies (id),
    role text not null default 'member' check (role in ('admin', 'member')));
create function public.greet() returns trigger language plpgsql security definer set search_path = ''
as $$ begin insert into public.profiles (id) values (new.id); return new; end $$;
create trigger greet after insert on auth.users for each row execute function public.greet();
create table public.contracts (
    id uuid primary key default gen_random_uuid(),
    company_id uuid not null references public.companies (id), subject text not null);
create schema private;
grant usage on schema private to authenticated;
create function private.company() returns uuid language sql stable security definer set search_path = ''
as $$ select p.company_id from public.profiles as p where p.id = (select auth.uid()) $$;
create function private.has_role(wanted text) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.profiles as p where p.id = (select auth.uid()) and p.role = wanted) $$;
alter table public.companies enable row level security;
alter table public.profiles enable row level security;
alter table public.contracts enable row level security;
create policy see on public.companies for select to authenticated using (id = (select private.company()));
create policy see on public.profiles for select to authenticated
    using (id = (select auth.uid()) or company_id = (select private.company()));
create policy see on public.contracts for select to authenticated using (company_id = (select private.company()));
create policy manage on public.contracts for all to authenticated
    using (company_id = (select private.company()) and private.has_role('admin'))
    with check (company_id = (select private.company()) and private.has_role('admin'));
"""

COMPANIES = (
    _COMPANIES
    + _GRANTS
    + "revoke execute on function public.greet() from public, anon, authenticated;"
)

ADMIN_OF_ANY_COMPANY = (
    COMPANIES + "alter policy manage on public.contracts using (private.has_role('admin'));"
)

# A workspace has an owner and members without roles.
_WORKSPACES = """
create table public.workspaces (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references auth.users (id) on delete cascade, name text not null);
create table public.workspace_members (
    workspace_id uuid not null references public.workspaces (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    primary key (workspace_id, user_id));
create table public.pages (
    id uuid primary key default gen_random_uuid(),
    workspace_id uuid not null references public.workspaces (id) on delete cascade,
    author_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    title text not null);
create schema private;
grant usage on schema private to authenticated;
create function private.is_in(workspace uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.workspace_members as m where m.workspace_id = workspace and m.user_id = (select auth.uid())) $$;
create function private.owns(workspace uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.workspaces as w where w.id = workspace and w.owner_id = (select auth.uid())) $$;
alter table public.workspaces enable row level security;
alter table public.workspace_members enable row level security;
alter table public.pages enable row level security;
create policy see on public.workspaces for select to authenticated
    using (owner_id = (select auth.uid()) or private.is_in(id));
create policy own on public.workspaces for all to authenticated
    using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy see on public.workspace_members for select to authenticated
    using (private.is_in(workspace_id) or private.owns(workspace_id));
create policy manage on public.workspace_members for all to authenticated
    using (private.owns(workspace_id)) with check (private.owns(workspace_id));
create policy see on public.pages for select to authenticated
    using (private.is_in(workspace_id) or private.owns(workspace_id));
create policy write on public.pages for insert to authenticated
    with check (private.is_in(workspace_id) and author_id = (select auth.uid()));
create policy change on public.pages for update to authenticated
    using (private.is_in(workspace_id) and author_id = (select auth.uid()))
    with check (private.is_in(workspace_id) and author_id = (select auth.uid()));
create policy remove on public.pages for delete to authenticated using (private.owns(workspace_id));
"""

WORKSPACES = (
    _WORKSPACES
    + _GRANTS
    + "revoke update on public.pages, public.workspaces from authenticated; grant update (title) on public.pages to authenticated; grant update (name) on public.workspaces to authenticated;"
)

OWNER_ANYWHERE = (
    WORKSPACES
    + """
alter policy remove on public.pages using (private.is_in(workspace_id)
    and exists (select 1 from public.workspaces as w where w.owner_id = (select auth.uid())));
"""
)

# What the author may do he may do after he went, too.
AUTHOR_FOR_EVER = (
    WORKSPACES
    + """
alter policy change on public.pages using (author_id = (select auth.uid())) with check (author_id = (select auth.uid()));
create policy "my pages" on public.pages for select to authenticated using (author_id = (select auth.uid()));
"""
)

# Having written a page of a workspace once counts as being in it.
WHO_WROTE_BELONGS = (
    WORKSPACES
    + """
create function private.wrote(workspace uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.pages as p where p.workspace_id = workspace and p.author_id = (select auth.uid())) $$;
alter policy see on public.pages using (private.is_in(workspace_id) or private.wrote(workspace_id));
"""
)

# Who left stays in the table of members, with another status.
STATUS = (
    ORGANISATIONS.replace(
        "primary key (org_id, user_id)",
        "status text not null check (status in ('active', 'invited', 'removed')), primary key (org_id, user_id)",
        1,
    )
    .replace(
        "where m.user_id = (select auth.uid()) $$",
        "where m.user_id = (select auth.uid()) and m.status = 'active' $$",
    )
    .replace(
        "and m.user_id = (select auth.uid()) and m.role",
        "and m.user_id = (select auth.uid()) and m.status = 'active' and m.role",
    )
)

STATUS_FORGOTTEN = (
    STATUS
    + """
create function private.any_orgs() returns setof uuid language sql stable security definer set search_path = ''
as $$ select m.org_id from public.members as m where m.user_id = (select auth.uid()) $$;
alter policy see on public.documents using (org_id in (select private.any_orgs()));
"""
)

COMES_BACK = (
    STATUS
    + """
create policy "my membership" on public.members for select to authenticated using (user_id = (select auth.uid()));
create policy "join again" on public.members for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()) and role = 'member');
"""
)

DELETED_AT = (
    ORGANISATIONS.replace(
        "primary key (org_id, user_id)", "deleted_at timestamptz, primary key (org_id, user_id)", 1
    )
    .replace(
        "where m.user_id = (select auth.uid()) $$",
        "where m.user_id = (select auth.uid()) and m.deleted_at is null $$",
    )
    .replace(
        "and m.user_id = (select auth.uid()) and m.role",
        "and m.user_id = (select auth.uid()) and m.deleted_at is null and m.role",
    )
)

# Whoever creates an organisation is made its owner by a trigger; only owners change roles.
CREATORS = (
    """
create table public.organizations (
    id uuid primary key default gen_random_uuid(), name text not null,
    created_by uuid references auth.users (id));
create table public.members (
    org_id uuid not null references public.organizations (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null default 'member' check (role in ('member', 'owner')), primary key (org_id, user_id));
create schema private;
grant usage on schema private to authenticated;
create function private.is_owner(org uuid) returns boolean language sql stable security definer set search_path = ''
as $$ select exists (select 1 from public.members as m where m.org_id = org
                     and m.user_id = (select auth.uid()) and m.role = 'owner') $$;
create function private.welcome() returns trigger language plpgsql security definer set search_path = ''
as $$ begin
    if new.created_by is not null then
        insert into public.members values (new.id, new.created_by, 'owner') on conflict do nothing;
    end if;
    return new;
end $$;
create trigger welcome after insert on public.organizations for each row execute function private.welcome();
alter table public.organizations enable row level security;
alter table public.members enable row level security;
create policy see on public.members for select to authenticated
    using (user_id = (select auth.uid()) or private.is_owner(org_id));
create policy change on public.members for update to authenticated
    using (private.is_owner(org_id)) with check (private.is_owner(org_id));
create policy see on public.organizations for select to authenticated using (private.is_owner(id));
"""
    + _GRANTS
    + "revoke update on public.members from authenticated; grant update (role) on public.members to authenticated;"
)

# Members who left are marked, and no policy looks at the mark.
MARK_FORGOTTEN = ORGANISATIONS + "alter table public.members add column removed_at timestamptz;"

RIGHT = {
    "organisations": ORGANISATIONS,
    "one company per user": COMPANIES,
    "workspaces": WORKSPACES,
    "members with a status": STATUS,
    "members marked as deleted": DELETED_AT,
    "authors keep their pages": AUTHOR_FOR_EVER,
    "creators made owners by a trigger": CREATORS,
}

# Lists with items: they have owners, and nobody is a member of anything.
NO_TENANTS = (
    """
create table public.lists (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade, name text not null);
create table public.items (
    id uuid primary key default gen_random_uuid(),
    list_id uuid not null references public.lists (id) on delete cascade, label text not null);
alter table public.lists enable row level security;
alter table public.items enable row level security;
create policy own on public.lists for all to authenticated using (user_id = (select auth.uid()));
create policy own on public.items for all to authenticated
    using (list_id in (select l.id from public.lists as l where l.user_id = (select auth.uid())));
"""
    + _GRANTS
)
