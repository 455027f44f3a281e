"""What a schema means and does not declare: keys of other tables, users in lists."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.access.holding import Held

# No table declares a foreign key: names and policies say what belongs to what.
KEYLESS = """
create schema private;
grant usage on schema private to authenticated;
create table public.organizations (
    id uuid primary key default gen_random_uuid(), name text not null
);
create table public.members (
    org_id uuid not null,
    user_id uuid not null,
    role text not null default 'member' check (role in ('member', 'admin')),
    primary key (org_id, user_id)
);
create table public.docs (
    id uuid primary key default gen_random_uuid(),
    org_id uuid not null,
    author_id uuid not null default auth.uid(),
    title text not null
);
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    about uuid not null,
    user_id uuid not null default auth.uid(),
    body text not null
);
create function private.my_orgs() returns setof uuid
language sql stable security definer set search_path = ''
as $$ select m.org_id from public.members as m where m.user_id = (select auth.uid()) $$;
create function private.is_admin(org uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
select exists (
    select from public.members as m
    where m.user_id = (select auth.uid()) and m.org_id = org and m.role = 'admin'
)
$$;
alter table public.organizations enable row level security;
alter table public.members enable row level security;
alter table public.docs enable row level security;
alter table public.notes enable row level security;
create policy "members" on public.organizations for select to authenticated
using (id in (select private.my_orgs()));
create policy "members" on public.members for select to authenticated
using (org_id in (select private.my_orgs()));
create policy "members" on public.docs for select to authenticated
using (org_id in (select private.my_orgs()));
create policy "add" on public.docs for insert to authenticated
with check (org_id in (select private.my_orgs()) and author_id = (select auth.uid()));
create policy "remove" on public.docs for delete to authenticated
using (author_id = (select auth.uid()) or private.is_admin(org_id));
create policy "readers" on public.notes for select to authenticated
using (exists (select from public.docs as d where d.id = notes.about));
create policy "add" on public.notes for insert to authenticated
with check (
    user_id = (select auth.uid()) and exists (select from public.docs as d where d.id = notes.about)
);
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to authenticated, service_role;
grant insert, delete on public.docs to authenticated;
grant insert on public.notes to authenticated;
"""
LISTS = """
create table public.rooms (
    id uuid primary key default gen_random_uuid(),
    member_ids uuid[] not null default '{}',
    created_by uuid not null references auth.users (id)
);
create table public.boards (
    id uuid primary key default gen_random_uuid(),
    owner_id uuid not null references auth.users (id),
    shared jsonb not null default '[]',
    title text not null
);
alter table public.rooms enable row level security;
alter table public.boards enable row level security;
create policy "members" on public.rooms for select to authenticated
using (member_ids @> array[(select auth.uid())]);
create policy "owner" on public.boards for all to authenticated
using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy "shared" on public.boards for select to authenticated
using (shared ? (select auth.uid())::text);
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to authenticated, service_role;
grant update (title) on public.boards to authenticated;
"""


ANY_ADMIN = """
create or replace function private.is_admin(org uuid) returns boolean
language sql stable security definer set search_path = '' as $$
select exists (
    select from public.members as m where m.user_id = (select auth.uid()) and m.role = 'admin'
)
$$;
"""
SHARED_WRITE = """
alter policy "owner" on public.boards
using (owner_id = (select auth.uid()) or shared ? (select auth.uid())::text) with check (true);
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            'alter policy "readers" on public.notes using (true)',
            "Authenticated strangers can now read notes (every column) on other people's rows.",
        ),
        (
            'alter policy "add" on public.notes with check (user_id = (select auth.uid()))',
            "rows that hang under somebody else's parent (about).",
        ),
        (ANY_ADMIN, "Users with role=admin elsewhere can now delete docs on other people's rows."),
        (
            'alter policy "members" on public.organizations using (private.is_admin(id))',
            "Users with role=member can no longer read organizations (every column)",
        ),
    ],
)
def test_a_key_that_is_not_declared_is_followed(
    change: str, said: str, held: Callable[[str], Held]
) -> None:
    found = held(KEYLESS)(change)
    assert any(said in sentence for sentence in found), found


def test_other_words_for_a_key_that_is_not_declared_change_nothing(
    held: Callable[[str], Held],
) -> None:
    after = held(KEYLESS)
    found = after(
        'alter policy "members" on public.docs using (exists (select from public.members as m'
        " where m.org_id = docs.org_id and m.user_id = auth.uid()));"
        'alter policy "readers" on public.notes using (about in (select id from public.docs));'
        'alter policy "members" on public.organizations'
        " using (id = any (array(select private.my_orgs())));"
    )
    assert found == set()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "alter policy \"members\" on public.rooms using (member_ids <> '{}')",
            "Authenticated strangers can now read rooms (every column) on other people's rows.",
        ),
        (
            'drop policy "shared" on public.boards',
            (
                "Owners can no longer read boards (every column) on rows that name them in shared"
                " only."
            ),
        ),
        (SHARED_WRITE, "Owners can now update boards.title on rows that name them in shared only."),
    ],
)
def test_a_user_in_a_list_is_told_from_one_who_is_not(
    change: str, said: str, held: Callable[[str], Held]
) -> None:
    found = held(LISTS)(change)
    assert said in found


def test_other_words_for_a_list_of_users_change_nothing(held: Callable[[str], Held]) -> None:
    after = held(LISTS)
    found = after(
        'alter policy "members" on public.rooms using (auth.uid() in (select unnest(member_ids)));'
        'alter policy "shared" on public.boards'
        " using (shared @> to_jsonb((select auth.uid())::text));"
    )
    assert found == set()
