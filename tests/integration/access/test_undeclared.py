"""What a schema means and does not declare: keys of other tables, users in lists."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospectr_db.database import Target
from tests.integration.access.held import built
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


ACCOUNTS = """
create table public.users (id uuid primary key default gen_random_uuid(), name text not null);
create table public.households (
    id uuid primary key default gen_random_uuid(), name text not null
);
create table public.household_members (
    id uuid primary key default gen_random_uuid(),
    household_id uuid references public.households (id),
    user_id uuid references public.users (id),
    unique (household_id, user_id)
);
create table public.expenses (
    id uuid primary key default gen_random_uuid(),
    household_id uuid not null references public.households (id),
    user_id uuid not null references public.users (id), memo text
);
alter table public.users enable row level security;
alter table public.households enable row level security;
alter table public.household_members enable row level security;
alter table public.expenses enable row level security;
create policy "own" on public.users for all to authenticated
using ((select auth.uid()) = users.id) with check ((select auth.uid()) = users.id);
create policy "own" on public.household_members for select to authenticated
using (user_id = auth.uid());
create policy "members" on public.households for select to authenticated
using (exists (
    select from public.household_members as hm
    where hm.household_id = households.id and hm.user_id = auth.uid()
));
create policy "members" on public.expenses for select to authenticated
using (exists (
    select from public.household_members as hm
    where hm.household_id = expenses.household_id and hm.user_id = auth.uid()
));
create policy "add" on public.expenses for insert to authenticated
with check (user_id = auth.uid() and exists (
    select from public.household_members as hm
    where hm.household_id = expenses.household_id and hm.user_id = auth.uid()
));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to authenticated, service_role;
grant insert on public.expenses to authenticated;
grant update (name) on public.users to authenticated;
"""
"""A table of accounts that refers to nobody: its policies say that its key is the user's id."""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            # Each household's own members, as it were: the link to the row is gone.
            (
                'alter policy "members" on public.expenses using (exists (select from'
                " public.household_members as m where m.household_id = household_id"
                " and user_id = auth.uid()))"
            ),
            "Authenticated strangers can now read expenses (every column) on other people's rows.",
        ),
        (
            'alter policy "add" on public.expenses with check (user_id = auth.uid())',
            "rows that hang under somebody else's parent (household_id).",
        ),
        (
            'alter policy "members" on public.expenses using (user_id = auth.uid())',
            "Plain members can no longer read expenses (every column)",
        ),
    ],
)
def test_a_key_by_which_policies_know_the_caller_is_a_users(
    change: str, said: str, held: Callable[[str], Held]
) -> None:
    found = held(ACCOUNTS)(change)
    assert any(said in sentence for sentence in found), found


def test_other_words_for_such_a_key_change_nothing(held: Callable[[str], Held]) -> None:
    found = held(ACCOUNTS)(
        'alter policy "members" on public.expenses using (household_id in'
        " (select hm.household_id from public.household_members as hm"
        " join public.users as u on u.id = hm.user_id where u.id = auth.uid()));"
        'alter policy "members" on public.households using (auth.uid() in'
        " (select user_id from public.household_members where household_id = households.id));"
    )
    assert found == set()


BY_PROFILE = """
create table public.teams (id uuid primary key default gen_random_uuid(), name text not null);
create table public.profiles (
    id uuid primary key, team_id uuid not null references public.teams (id)
);
create table public.tasks (
    id uuid primary key default gen_random_uuid(),
    team_id uuid not null references public.teams (id), title text
);
alter table public.teams enable row level security;
alter table public.profiles enable row level security;
alter table public.tasks enable row level security;
create policy "own" on public.profiles for select to authenticated using (id = auth.uid());
create policy "members" on public.teams for select to authenticated using (exists (
    select from public.profiles as p where p.id = auth.uid() and p.team_id = teams.id
));
create policy "members" on public.tasks for select to authenticated using (exists (
    select from public.profiles as p
    where p.id = auth.uid() and p.team_id = tasks.team_id and tasks.id is not null
));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to authenticated, service_role;
"""


def test_what_is_called_as_such_a_key_elsewhere_is_no_users(target: Target) -> None:
    facts = built(target, BY_PROFILE).contract.facts
    assert facts.owners["profiles"] == "id"
    assert facts.owners["tasks"] == "through team_id"
    assert facts.owners["teams"] == "members in profiles"


CAST = """
create table public.groups (id uuid primary key default gen_random_uuid(), name text not null);
create table public.group_members (
    group_id uuid not null references public.groups (id),
    user_id uuid not null references auth.users (id),
    primary key (group_id, user_id)
);
create table public.expenses (
    id uuid primary key default gen_random_uuid(),
    group_id text not null, title text not null, paid_by jsonb not null
);
alter table public.groups enable row level security;
alter table public.group_members enable row level security;
alter table public.expenses enable row level security;
create policy "own" on public.group_members for select to authenticated
using (user_id = auth.uid());
create policy "members" on public.groups for select to authenticated
using (id in (select group_id from public.group_members where user_id = auth.uid()));
create policy "members" on public.expenses for select to authenticated
using (group_id::uuid in (select group_id from public.group_members where user_id = auth.uid()));
create policy "payer" on public.expenses for delete to authenticated
using ((paid_by ->> 'id') = auth.uid()::text);
create policy "add" on public.expenses for insert to authenticated
with check (
    (paid_by ->> 'id') = auth.uid()::text
    and group_id::uuid in (select group_id from public.group_members where user_id = auth.uid())
);
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to authenticated, service_role;
grant insert, delete on public.expenses to authenticated;
"""
"""A text that holds another table's uuid, and JSON that holds who paid."""
IN_MINE = "group_id::uuid in (select group_id from public.group_members where user_id = auth.uid())"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            'alter policy "members" on public.expenses using (auth.uid() is not null)',
            "Authenticated strangers can now read expenses (every column) on other people's rows.",
        ),
        (
            f'alter policy "payer" on public.expenses using ({IN_MINE})',
            "Plain members can now delete expenses on other people's rows.",
        ),
        (
            f'alter policy "add" on public.expenses with check ({IN_MINE})',
            "can now insert into expenses rows under somebody else's name (paid_by).",
        ),
        (
            (
                'alter policy "add" on public.expenses with check'
                " (paid_by ->> 'id' = auth.uid()::text)"
            ),
            "rows that hang under somebody else's parent (group_id).",
        ),
    ],
)
def test_what_is_cast_and_what_json_holds_is_followed(
    change: str, said: str, held: Callable[[str], Held]
) -> None:
    found = held(CAST)(change)
    assert any(said in sentence for sentence in found), found


def test_other_words_for_a_cast_and_for_a_user_in_json_change_nothing(
    held: Callable[[str], Held],
) -> None:
    found = held(CAST)(
        'alter policy "members" on public.expenses using (exists (select from'
        " public.group_members as m where m.user_id = auth.uid()"
        " and m.group_id::text = expenses.group_id));"
        'alter policy "payer" on public.expenses'
        " using ((select auth.uid()) = (paid_by ->> 'id')::uuid);"
    )
    assert found == set()
