"""Ways around a state, a role or a spelling that a policy means to hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.holding import Held, run

GRANTS = """
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select, insert, update, delete on all tables in schema public to authenticated;
"""
# What moderators removed stays removed, and nobody else's blog is changed.
BLOG = f"""
create table public.posts (
    id bigint generated always as identity primary key,
    author_id uuid not null references auth.users (id),
    body text not null,
    status text not null default 'draft' check (status in ('draft', 'published', 'removed'))
);
alter table public.posts enable row level security;
create policy "read" on public.posts for select to authenticated
using (author_id = (select auth.uid()));
create policy "change" on public.posts for update to authenticated
using (author_id = (select auth.uid()) and status <> 'removed')
with check (author_id = (select auth.uid()) and status <> 'removed');
{GRANTS}
"""
# Admins add members and nobody higher; a claim of the server's says who is staff.
TEAM = """
create schema private;
grant usage on schema private to authenticated;
create table public.teams (id uuid primary key default gen_random_uuid(), name text not null);
create table public.members (
    team_id uuid not null references public.teams (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null default 'member' check (role in ('owner', 'admin', 'member')),
    primary key (team_id, user_id)
);
create table public.notices (
    id bigint generated always as identity primary key, body text not null
);
create function private.role_in(team uuid) returns text
language sql stable security definer set search_path = ''
as $$
select m.role from public.members as m where m.team_id = team and m.user_id = (select auth.uid())
$$;
create function public.create_team(name text) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare made uuid;
begin
    insert into public.teams (name) values (create_team.name) returning id into made;
    insert into public.members (team_id, user_id, role) values (made, auth.uid(), 'owner');
    return made;
end
$$;
revoke execute on function public.create_team(text) from public, anon;
grant execute on function public.create_team(text) to authenticated;
alter table public.teams enable row level security;
alter table public.members enable row level security;
alter table public.notices enable row level security;
create policy "members" on public.teams for select to authenticated
using (private.role_in(id) is not null);
create policy "members" on public.members for select to authenticated
using (private.role_in(team_id) is not null);
create policy "add" on public.members for insert to authenticated
with check (private.role_in(team_id) in ('owner', 'admin') and role = 'member');
create policy "staff" on public.notices for all to authenticated
using ((auth.jwt() -> 'app_metadata' ->> 'role') = 'staff')
with check ((auth.jwt() -> 'app_metadata' ->> 'role') = 'staff');
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to authenticated;
grant insert on public.members, public.notices to authenticated;
"""


def test_a_state_that_can_be_left_again_is_told(held: Callable[[str], Held]) -> None:
    after = held(BLOG)
    found = after(
        'alter policy "change" on public.posts using (author_id = (select auth.uid()))'
        " with check (author_id = (select auth.uid()) and status <> 'removed')"
    )
    left = "posts.status on their own rows where status=removed"
    assert any("Owners can now update" in s and left in s for s in found), found


def test_a_statement_that_names_no_row_is_tried_in_each_state(held: Callable[[str], Held]) -> None:
    after = held(BLOG)
    found = after(
        'alter policy "change" on public.posts using (author_id = (select auth.uid())'
        " and status <> 'removed' or status = 'published') with check (true)"
    )
    blind = "posts.body on other people's rows where status=published."
    assert f"Authenticated strangers can now update {blind}" in found


ROLE = "(auth.jwt() -> 'app_metadata' ->> 'role')"
ADDED = "private.role_in(team_id) in ('owner', 'admin') and role in ('member', 'owner')"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            f'alter policy "add" on public.members with check ({ADDED})',
            "rows under somebody else's name (user_id) with role=owner",
        ),
        (
            f"alter policy \"staff\" on public.notices using ({ROLE} in ('staff', 'support'))",
            "Users with app_metadata.role=support can now read notices",
        ),
        (
            f'alter policy "staff" on public.notices using ({ROLE} is not null)',
            "Users with app_metadata.role=anything else can now read notices",
        ),
    ],
)
def test_a_role_more_is_told(change: str, said: str, held: Callable[[str], Held]) -> None:
    found = held(TEAM)(change)
    assert any(said in sentence for sentence in found), found


def test_other_words_for_roles_and_claims_change_nothing(held: Callable[[str], Held]) -> None:
    after = held(TEAM)
    found = after(
        "create function private.claim(name text) returns text language sql stable"
        " set search_path = '' as $$ select auth.jwt() -> 'app_metadata' ->> name $$;"
        'alter policy "staff" on public.notices'
        " using ((select private.claim('role')) = any ('{staff}'))"
        " with check (private.claim('role') = 'staff');"
        "alter policy \"add\" on public.members with check (role = 'member'"
        " and private.role_in(team_id) = any ('{admin,owner}'::text[]));"
    )
    assert found == set()


def test_a_new_helper_that_tells_nothing_is_worth_a_warning(held: Callable[[str], Held]) -> None:
    after = held(TEAM)
    found = after(
        "create function public.is_member(team uuid) returns boolean language sql stable"
        " security definer set search_path = '' as $$ select exists ("
        " select from public.members as m"
        " where m.team_id = team and m.user_id = (select auth.uid())) $$;"
        "revoke execute on function public.is_member(uuid) from public, anon;"
        "grant execute on function public.is_member(uuid) to authenticated;"
        'alter policy "members" on public.teams using (public.is_member(id));'
    )
    assert found == set()


def test_a_policy_on_files_does_not_make_the_platforms_truncate_a_leak(target: Target) -> None:
    run(
        target,
        BLOG
        + """
        grant truncate on public.posts to authenticated;
        create policy "own files" on storage.objects for select to authenticated
        using (owner_id = (select auth.uid())::text);
        """,
    )
    found = [f for f in judge(observe(target)) if f.rule == "truncate"]
    assert {finding.severity for finding in found} == {"warning"}
