# ruff: noqa: E501, S608 - schemas read better in long lines
"""One helper that asks several tables about an author: who is private, who follows, who is blocked."""

from __future__ import annotations

from dataclasses import replace

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import COVERS, RELATED
from prospectr_db.database import Target
from tests.integration.access.held import Held, built

TABLES = """
create schema private;
grant usage on schema private to authenticated;
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    username text not null unique, is_private boolean not null default false
);
create table public.follows (
    follower_id uuid not null references public.profiles (id) on delete cascade,
    following_id uuid not null references public.profiles (id) on delete cascade,
    status text not null default 'pending' check (status in ('pending', 'accepted')),
    primary key (follower_id, following_id), check (follower_id <> following_id)
);
create table public.blocks (
    blocker_id uuid not null references public.profiles (id) on delete cascade,
    blocked_id uuid not null references public.profiles (id) on delete cascade,
    primary key (blocker_id, blocked_id)
);
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid not null references public.profiles (id) on delete cascade, body text not null
);
create table public.likes (
    post_id uuid not null references public.posts (id) on delete cascade,
    user_id uuid not null references public.profiles (id) on delete cascade, primary key (post_id, user_id)
);
create function private.author_of(post uuid) returns uuid language sql stable security definer set search_path = ''
return (select p.author_id from public.posts as p where p.id = post);
"""
HELPER = "create or replace function private.can_view(author uuid) returns boolean language sql stable security definer set search_path = '' as $$ select {} $$;"
ME = "(select auth.uid())"
NOT_BLOCKED = f"not exists (select 1 from public.blocks as b where (b.blocker_id, b.blocked_id) in ((author, {ME}), ({ME}, author)))"
OPEN = "exists (select 1 from public.profiles as p where p.id = author and not p.is_private)"
FOLLOWED = f"exists (select 1 from public.follows as f where f.follower_id = {ME} and f.following_id = author and f.status = 'accepted')"
RIGHT = f"author = {ME} or ({NOT_BLOCKED} and ({OPEN} or {FOLLOWED}))"
LIKE = f"user_id = {ME} and private.can_view(private.author_of(post_id))"
POLICIES = f"""
alter table public.profiles enable row level security;
alter table public.follows enable row level security;
alter table public.blocks enable row level security;
alter table public.posts enable row level security;
alter table public.likes enable row level security;
create policy s on public.profiles for select to authenticated using (id = {ME});
create policy u on public.profiles for update to authenticated using (id = {ME}) with check (id = {ME});
create policy s on public.follows for select to authenticated using ({ME} in (follower_id, following_id));
create policy s on public.blocks for select to authenticated using (blocker_id = {ME});
create policy s on public.posts for select to authenticated using (private.can_view(author_id));
create policy i on public.posts for insert to authenticated with check (author_id = {ME});
create policy s on public.likes for select to authenticated using (private.can_view(private.author_of(post_id)));
create policy i on public.likes for insert to authenticated with check ({LIKE});
revoke all on all tables in schema public from anon, authenticated;
grant select on all tables in schema public to authenticated;
grant update (is_private) on public.profiles to authenticated;
grant insert on public.posts, public.likes to authenticated;
"""
SCHEMA = TABLES + HELPER.format(RIGHT) + POLICIES
PRIVATE = "posts on other people's rows where profiles.is_private=true."
FAULTS = {
    f"Users who are follower_id to the owner in follows can now read {PRIVATE}": HELPER.format(RIGHT.replace(" and f.status = 'accepted'", "")),
    "Users who are blocked_id to the owner in blocks can now read posts on other people's rows.": HELPER.format(RIGHT.replace(NOT_BLOCKED, "true")),
    f"Authenticated users who own nothing can now read {PRIVATE}": HELPER.format(RIGHT.replace(" and not p.is_private", "")),
    f"Users who are follower_id to others in follows can now read {PRIVATE}": HELPER.format(RIGHT.replace("f.following_id = author and ", "")),
    f"Users who are follower_id to the owner in follows, status=accepted and blocked_id to the owner in blocks can now read {PRIVATE}": HELPER.format(RIGHT.replace(f"({OPEN} or {FOLLOWED})", f"{OPEN} or {FOLLOWED}")),
    "Users who are blocked_id to the owner in blocks can now insert into likes rows that hang under somebody else's parent (post_id).": HELPER.format(RIGHT) + f"alter policy i on public.likes with check (user_id = {ME});",
}  # fmt: skip
OTHER = f"""
create function private.blocked(one uuid, other uuid) returns boolean language sql stable security definer set search_path = ''
return exists (select from public.blocks as b where one in (b.blocker_id, b.blocked_id) and other in (b.blocker_id, b.blocked_id));
create function private.sees(p_author uuid, p_viewer uuid) returns boolean language plpgsql stable security definer set search_path = '' as $$
declare closed boolean; begin
    if p_author = p_viewer then return true; end if;
    if private.blocked(p_author, p_viewer) then return false; end if;
    select is_private into closed from public.profiles where id = p_author;
    return not closed or exists (select from public.follows where follower_id = p_viewer and following_id = p_author and status = 'accepted');
end $$;
alter policy s on public.posts using (private.sees(author_id, auth.uid()));
alter policy s on public.likes using (exists (select 1 from public.posts as p where p.id = post_id));
alter policy i on public.likes with check (user_id = {ME} and post_id in (select p.id from public.posts as p));
"""


def test_each_table_that_a_helper_asks_is_held_and_another_spelling_is_no_difference(
    target: Target,
) -> None:
    held = built(target, SCHEMA)
    for sentence, change in FAULTS.items():
        assert sentence in held.after(change)
    assert (
        held.after(HELPER.format(RIGHT) + f"alter policy i on public.likes with check ({LIKE});")
        == set()
    )
    facts = held.contract.facts
    shut = frozenset(entry for entry in facts.shut if entry[3] != "insert")
    older = Held(
        target, render(replace(facts, shut=shut, covers=frozenset(COVERS) - {RELATED}), accepted={})
    )
    assert older.errors() == set()
    assert held.after(OTHER) == set()
