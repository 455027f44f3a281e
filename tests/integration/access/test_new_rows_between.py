# ruff: noqa: S608 - nothing of these schemas is input
"""New rows between two users: who says so, about whom, and in which state they begin."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.access.holding import Held

FOLLOWS = """
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    is_private boolean not null default false
);
create table public.follows (
    id bigint generated always as identity primary key,
    follower_id uuid not null references public.profiles (id) on delete cascade,
    following_id uuid not null references public.profiles (id) on delete cascade,
    status text not null default 'pending' check (status in ('pending', 'accepted')),
    unique (follower_id, following_id)
);
create function public.is_open(profile uuid) returns boolean
language sql stable security definer set search_path = ''
return exists (select from public.profiles as p where p.id = profile and not p.is_private);
alter table public.profiles enable row level security;
alter table public.follows enable row level security;
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select, insert on public.follows to authenticated;
grant select, insert, update, delete on all tables in schema public to service_role;
create policy "read" on public.follows for select to authenticated
using ((select auth.uid()) in (follower_id, following_id));
create policy "follow" on public.follows for insert to authenticated
with check (follower_id = (select auth.uid()) and following_id <> (select auth.uid())
    and (status = 'pending' or public.is_open(following_id)));
"""
ALTER = 'alter policy "follow" on public.follows with check'
ME = "follower_id = (select auth.uid())"
HIM = "following_id <> (select auth.uid())"


def test_who_follows_says_so_himself_and_waits_for_private_ones(
    held: Callable[[str], Held],
) -> None:
    after = held(FOLLOWS)
    follow = "Owners can now insert into follows rows"
    theirs = f"{follow} under somebody else's name (following_id) with any value of status"
    found = after(f"{ALTER} ({HIM} and (status = 'pending' or public.is_open(following_id)))")
    assert f"{follow} that belong to somebody else with any value of status." in found
    found = after(f"{ALTER} ({ME} and {HIM})")
    assert f"{theirs}, where profiles.is_private=true." in found
    # Another spelling, in two policies and with a helper for the caller.
    assert (
        after(
            "create function public.me() returns uuid language sql stable set search_path = ''"
            " as $$ select auth.uid() $$;"
            f"{ALTER} (case when status <> 'pending' then false"
            " else not following_id = public.me() and public.me() = follower_id end);"
            'create policy "at once" on public.follows for insert to authenticated'
            " with check (follower_id = auth.uid() and follower_id is distinct from following_id"
            " and (select public.is_open(following_id)));"
        )
        == set()
    )
