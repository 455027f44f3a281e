"""A switch of users' own that a helper asks for beside who calls: no standing, however spelt."""

from __future__ import annotations

from prospectr_db.database import Target
from tests.integration.access.held import red, run, written

PROFILES = """
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    bio text not null,
    visibility text not null default 'public' check (visibility in ('public', 'private'))
);
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid not null default auth.uid() references public.profiles (id) on delete cascade,
    body text not null
);
create function public.may_see(p_author uuid) returns boolean language sql stable security definer
set search_path = '' as $$ select exists (select 1 from public.profiles p where p.id = p_author
    and (p.visibility = 'public' or p.id = auth.uid())) $$;
alter table public.profiles enable row level security;
alter table public.posts enable row level security;
revoke all on public.profiles, public.posts from anon, authenticated, service_role;
grant select, update (bio, visibility) on public.profiles to authenticated;
grant select, insert (body) on public.posts to authenticated;
create policy "seen" on public.profiles for select to authenticated using (public.may_see(id));
create policy "own" on public.profiles for update to authenticated
using (id = auth.uid()) with check (id = auth.uid());
create policy "seen" on public.posts for select to authenticated using (public.may_see(author_id));
create policy "own" on public.posts for insert to authenticated with check (author_id = auth.uid());
"""
SEEN = """
create or replace function public.may_see(p_author uuid) returns boolean language sql stable
security definer set search_path = '' as $$ select exists (select 1 from public.profiles p
    where p.id = p_author and case p.visibility when 'public' then true else {} end) $$;
"""


def test_whoever_has_set_it_is_nobody_in_particular(target: Target) -> None:
    run(target, PROFILES)
    contract = written(target)
    run(target, SEEN.format("p.id = auth.uid()"))
    assert red(target, contract) == {}
    run(target, SEEN.format("true"))
    told = "Authenticated strangers can now read posts (every column) on other people's rows"
    assert any(sentence.startswith(told) for sentence in red(target, contract))
