# ruff: noqa: E501, S608 - schemas read better in long lines, and nothing of them is input
"""Schemas in which a row and its parent can belong to two users, and whose owners hand rows over."""

from __future__ import annotations

_GRANTS = """
revoke all on all tables in schema public from anon, authenticated;
grant select, insert, delete on all tables in schema public to authenticated, service_role;
"""

COMMENTS = (
    """
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade, title text not null);
create table public.comments (
    id bigint generated always as identity primary key,
    post_id uuid not null references public.posts (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    body text not null, size integer generated always as (length(body)) stored);
alter table public.posts enable row level security;
alter table public.comments enable row level security;
create policy own on public.posts for all to authenticated using (user_id = (select auth.uid()));
create policy see on public.comments for select to authenticated using (user_id = (select auth.uid())
    or post_id in (select p.id from public.posts as p where p.user_id = (select auth.uid())));
create policy add on public.comments for insert to authenticated with check (user_id = (select auth.uid())
    and post_id in (select p.id from public.posts as p where p.user_id = (select auth.uid())));
create policy change on public.comments for update to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy remove on public.comments for delete to authenticated using (user_id = (select auth.uid())
    or post_id in (select p.id from public.posts as p where p.user_id = (select auth.uid())));
"""
    + _GRANTS
    + "grant update (body) on public.comments to authenticated;"
)

# Only the post's author counts: he rewrites what others said, and they cannot take it back.
COMMENTS_OF_AUTHORS = (
    COMMENTS
    + """
alter policy change on public.comments
    using (post_id in (select p.id from public.posts as p where p.user_id = (select auth.uid())))
    with check (post_id in (select p.id from public.posts as p where p.user_id = (select auth.uid())));
alter policy remove on public.comments
    using (post_id in (select p.id from public.posts as p where p.user_id = (select auth.uid())));
"""
)

# A key over both columns: no such row can be.
COMMENTS_OF_ONE = (
    COMMENTS
    + """
alter table public.posts add unique (id, user_id);
alter table public.comments add foreign key (post_id, user_id) references public.posts (id, user_id);
"""
)

_NOTES = (
    """
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    created_by uuid not null references auth.users (id) on delete cascade, title text not null);
alter table public.notes enable row level security;
"""
    + _GRANTS
    + "grant update on public.notes to authenticated;"
)

# Both columns say whose a note is.
TWO_OWNERS = (
    _NOTES
    + """
create policy own on public.notes for all to authenticated
    using (user_id = (select auth.uid()) and created_by = (select auth.uid()))
    with check (user_id = (select auth.uid()) and created_by = (select auth.uid()));
"""
)

# The check compares the two with each other and not with the caller: only both can be changed.
EQUAL_OWNERS = TWO_OWNERS + "alter policy own on public.notes with check (user_id = created_by);"

UNCHECKED_OWNERS = TWO_OWNERS + "alter policy own on public.notes with check (true);"

# Either column will do, so that the owner may give one of them away; but not both.
EITHER_OWNER = (
    _NOTES
    + """
create policy own on public.notes for all to authenticated
    using ((select auth.uid()) in (user_id, created_by))
    with check ((select auth.uid()) in (user_id, created_by));
"""
)

# Whoever takes both at once is the owner by the check, although neither alone would pass.
TAKEN = TWO_OWNERS + "alter policy own on public.notes using (true);"

# A key over tenant and user: neither can be changed without the other.
TICKETS = (
    """
create table public.tenants (id uuid primary key default gen_random_uuid(), name text not null);
create table public.members (
    tenant_id uuid not null references public.tenants (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade, primary key (tenant_id, user_id));
create table public.tickets (
    id uuid primary key default gen_random_uuid(), tenant_id uuid not null, user_id uuid not null,
    subject text not null,
    foreign key (tenant_id, user_id) references public.members (tenant_id, user_id) on delete cascade);
alter table public.tenants enable row level security;
alter table public.members enable row level security;
alter table public.tickets enable row level security;
create policy see on public.members for select to authenticated using (user_id = (select auth.uid()));
create policy see on public.tenants for select to authenticated
    using (id in (select m.tenant_id from public.members as m where m.user_id = (select auth.uid())));
create policy own on public.tickets for all to authenticated
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
"""
    + _GRANTS
    + "grant update on public.tickets to authenticated;"
)

UNCHECKED_TICKETS = TICKETS + "alter policy own on public.tickets with check (true);"

_PROFILES = """
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade, username text not null unique);
alter table public.profiles enable row level security;
create policy own on public.profiles for select to authenticated using (id = (select auth.uid()));
"""

# Two profiles in one row, and never one and the same.
FOLLOWS = (
    _PROFILES
    + """
create table public.follows (
    follower_id uuid not null references public.profiles (id) on delete cascade,
    followed_id uuid not null references public.profiles (id) on delete cascade,
    primary key (follower_id, followed_id), check (follower_id <> followed_id));
alter table public.follows enable row level security;
create policy see on public.follows for select to authenticated
    using ((select auth.uid()) in (follower_id, followed_id));
create policy follow on public.follows for insert to authenticated
    with check (follower_id = (select auth.uid()));
create policy part on public.follows for delete to authenticated
    using ((select auth.uid()) in (follower_id, followed_id));
"""
    + _GRANTS
)

GIVEN_TO_PROFILES = (
    _PROFILES
    + """
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid not null references public.profiles (id) on delete cascade, body text not null);
alter table public.posts enable row level security;
create policy own on public.posts for update to authenticated
    using (author_id = (select auth.uid())) with check (true);
create policy see on public.posts for select to authenticated using (author_id = (select auth.uid()));
"""
    + _GRANTS
    + "grant update on public.posts to authenticated;"
)
