"""A column that gives a standing to whoever accepts it: which values users may write there."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.access.holding import Held

INVITATIONS = """
create table public.teams (id uuid primary key default gen_random_uuid(), name text not null);
create table public.team_members (
    team_id uuid not null references public.teams (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null default 'member' check (role in ('admin', 'member', 'guest')),
    primary key (team_id, user_id)
);
create table public.invitations (
    id uuid primary key default gen_random_uuid(),
    team_id uuid not null references public.teams (id) on delete cascade,
    invited_by uuid not null default auth.uid() references auth.users (id) on delete cascade,
    email text not null,
    role text not null default 'member'
    constraint lesser check (role in ('member', 'guest'))
);
create function public.role_in(team uuid) returns text
language sql stable security definer set search_path = '' as $$
    select m.role from public.team_members as m
    where m.team_id = team and m.user_id = (select auth.uid())
$$;
revoke execute on function public.role_in(uuid) from public, anon;
grant execute on function public.role_in(uuid) to authenticated;
alter table public.teams enable row level security;
alter table public.team_members enable row level security;
alter table public.invitations enable row level security;
create policy "read" on public.teams for select to authenticated
using (public.role_in(id) is not null);
create policy "read" on public.invitations for select to authenticated
using (invited_by = (select auth.uid()) or public.role_in(team_id) = 'admin');
create policy "invite" on public.invitations for insert to authenticated
with check (invited_by = (select auth.uid()) and public.role_in(team_id) is not null);
revoke all on all tables in schema public from anon, authenticated;
grant select on public.teams to authenticated;
grant select, insert on public.invitations to authenticated;
"""
WITHOUT = "alter table public.invitations drop constraint lesser;"


def test_a_check_that_keeps_members_from_inviting_admins_is_held(
    held: Callable[[str], Held],
) -> None:
    after = held(INVITATIONS)
    assert (
        after(
            f"{WITHOUT} alter table public.invitations"
            " add constraint lesser check (role ~ '^(guest|member)$')"
        )
        == set()
    )
    found = after(
        f"{WITHOUT} alter table public.invitations"
        " add constraint lesser check (role in ('member', 'guest', 'admin'))"
    )
    what = "can now insert into invitations for themselves with "
    assert any(what in sentence and "role" in sentence.partition(what)[2] for sentence in found)
    assert not any("no longer" in sentence for sentence in found)
    assert any("with any value of role" in sentence for sentence in after(WITHOUT))


def test_what_a_check_says_a_policy_may_say(held: Callable[[str], Held]) -> None:
    found = held(INVITATIONS)(
        f'{WITHOUT} alter policy "invite" on public.invitations with check'
        " (invited_by = auth.uid() and role = any ('{guest,member}')"
        " and public.role_in(team_id) is not null)"
    )
    assert found == set()
