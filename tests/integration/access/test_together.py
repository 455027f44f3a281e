"""What hangs under a row that is open in two states at once: published, and by now."""

from __future__ import annotations

from prospectr_db.database import Target
from tests.integration.access.held import hold

BLOG = """
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid not null references auth.users (id) on delete cascade,
    status text not null default 'draft' check (status in ('draft', 'published')),
    published_at timestamptz);
create table public.tags (
    post_id uuid not null references public.posts (id) on delete cascade, word text not null,
    primary key (post_id, word));
create table public.comments (
    id uuid primary key default gen_random_uuid(),
    post_id uuid not null references public.posts (id) on delete cascade,
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    hidden boolean not null default false);
alter table public.posts enable row level security;
alter table public.tags enable row level security;
alter table public.comments enable row level security;
create policy all_read on public.posts for select
    using (status = 'published' and published_at <= now());
create policy own on public.posts for all to authenticated
    using (author_id = (select auth.uid())) with check (author_id = (select auth.uid()));
create policy all_read on public.tags for select
    using (exists (select from public.posts as p where p.id = post_id));
create policy authors_tag on public.tags for insert to authenticated with check (exists (
    select from public.posts as p where p.id = post_id and p.author_id = (select auth.uid())));
create policy all_read on public.comments for select
    using (not hidden and exists (select from public.posts as p where p.id = post_id));
create policy users_comment on public.comments for insert to authenticated
    with check (user_id = (select auth.uid())
        and exists (select from public.posts as p where p.id = post_id));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to anon, authenticated;
grant insert on public.tags to authenticated;
grant insert (post_id) on public.comments to authenticated;
"""
INLINE = """
alter policy all_read on public.tags using (post_id in (select p.id from public.posts as p
    where p.status = 'published' and p.published_at <= now() or p.author_id = auth.uid()));
"""
ANYBODYS = """
alter policy authors_tag on public.tags
    with check (exists (select from public.posts as p where p.id = post_id));
"""
HIDDEN = """
alter policy all_read on public.comments
    using (exists (select from public.posts as p where p.id = post_id));
"""


def test_what_hangs_under_a_row_is_tried_where_the_row_is_open(target: Target) -> None:
    held = hold(target, BLOG)
    assert held.after(INLINE) == set()
    public = "where posts.status=published, posts.published_at=2020-01-01"
    assert {s for s in held.after(ANYBODYS) if s.endswith(f"(post_id) {public}.")}
    told = held.after(HIDDEN)
    assert {s for s in told if " can now read comments " in s and "hidden=true" in s}
