"""A condition on a row's state, or on a user's, is held to the contract even after it is lost."""

from __future__ import annotations

from collections.abc import Callable

from prospectr_db.access.observe import observe
from prospectr_db.access.verify import access_difference
from prospectr_db.database import Target
from tests.integration.access.holding import Held, run

GRANTS = """
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select on all tables in schema public to anon, authenticated;
grant select, insert, update, delete on all tables in schema public to service_role;
"""
ARTICLES = f"""
create table public.articles (
    id uuid primary key default gen_random_uuid(),
    author_id uuid not null references auth.users (id) on delete cascade,
    body text not null,
    published boolean not null default false,
    deleted_at timestamptz,
    locked boolean not null default false
);
alter table public.articles enable row level security;
create policy "Authors read." on public.articles
for select to authenticated using (author_id = (select auth.uid()));
create policy "Everybody reads." on public.articles
for select to anon, authenticated using (published and deleted_at is null);
create policy "Authors edit." on public.articles
for update to authenticated
using (author_id = (select auth.uid()) and not locked)
with check (author_id = (select auth.uid()));
{GRANTS}
grant update (body) on public.articles to authenticated;
"""
CLUBS = f"""
create schema private;
grant usage on schema private to authenticated;
create table public.clubs (id uuid primary key default gen_random_uuid(), name text not null);
create table public.memberships (
    club_id uuid not null references public.clubs (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    left_at timestamptz,
    joined_at timestamptz not null default now(),
    primary key (club_id, user_id)
);
create table public.minutes (
    id uuid primary key default gen_random_uuid(),
    club_id uuid not null references public.clubs (id) on delete cascade,
    text text not null
);
create function private.belongs(club uuid) returns boolean
language sql stable security definer set search_path = ''
return exists (
    select from public.memberships as m
    where m.club_id = club and m.user_id = (select auth.uid()) and m.left_at is null
);
alter table public.clubs enable row level security;
alter table public.memberships enable row level security;
alter table public.minutes enable row level security;
create policy "Members read clubs." on public.clubs
for select to authenticated using (private.belongs(id));
create policy "Members read members." on public.memberships
for select to authenticated using (private.belongs(club_id));
create policy "Members read minutes." on public.minutes
for select to authenticated using (private.belongs(club_id));
{GRANTS}
"""
BELONGS = """
create or replace function private.belongs(club uuid) returns boolean
language sql stable security definer set search_path = ''
return exists (
    select from public.memberships as m
    where m.club_id = club and m.user_id = (select auth.uid()) {}
);
"""


def test_a_lost_condition_on_a_rows_state_is_a_leak(held: Callable[[str], Held]) -> None:
    after = held(ARTICLES)
    everybody = "on other people's rows where published=true, deleted_at="
    found = after(
        'alter policy "Everybody reads." on public.articles using (published);'
        'alter policy "Authors edit." on public.articles using (author_id = (select auth.uid()));'
    )
    edit = "Owners can now update articles.body on their own rows where locked=true."
    assert edit in found
    read = {sentence for sentence in found if everybody in sentence}
    assert any(sentence.startswith("Visitors without a login can now read") for sentence in read)
    assert found == {edit, *read}


def test_a_new_condition_on_a_rows_state_is_a_loss(held: Callable[[str], Held]) -> None:
    after = held(ARTICLES)
    found = after(
        'alter policy "Authors edit." on public.articles using'
        " (author_id = (select auth.uid()) and not locked and deleted_at is null);"
    )
    assert {sentence.partition(" where ")[2][:15] for sentence in found} == {
        "deleted_at=2020",
        "deleted_at=2090",
    }
    assert all(s.startswith("Owners can no longer update articles.body") for s in found)


def test_another_spelling_of_a_condition_is_no_difference(held: Callable[[str], Held]) -> None:
    after = held(ARTICLES)
    # The same meaning, in other words and with other columns in sight.
    changes = (
        'alter policy "Everybody reads." on public.articles'
        " using (case when published then deleted_at is null else false end);"
        'alter policy "Authors edit." on public.articles using (author_id = (select auth.uid())'
        " and locked is not true and (published or not published));"
    )
    assert after(changes) == set()


def test_members_who_left_are_tried_although_no_policy_asks_any_more(
    held: Callable[[str], Held],
) -> None:
    after = held(CLUBS)
    assert after(BELONGS.format("and m.left_at is null and m.joined_at is not null")) == set()
    found = after(BELONGS.format(""))
    for table in ("clubs", "minutes"):
        read = f"Removed members can now read {table} (every column) on other people's rows."
        assert read in found
    assert not any("no longer" in sentence for sentence in found)


def test_a_plan_tells_what_a_lost_condition_opens(
    target: Target, make_database: Callable[..., Target], platform_template: object
) -> None:
    run(target, ARTICLES)
    opened = make_database(platform_template)
    run(opened, ARTICLES)
    run(opened, 'alter policy "Everybody reads." on public.articles using (published);')
    found = access_difference(target, opened)
    assert found
    assert {finding.kind for finding in found} == {"leak"}


def test_a_state_of_the_contract_that_cannot_be_made_is_told(held: Callable[[str], Held]) -> None:
    after = held(ARTICLES)
    found = after(
        'alter policy "Authors edit." on public.articles using (author_id = (select auth.uid()));'
        "alter table public.articles drop column locked;"
    )
    assert any("cannot be made: own [locked=true]" in sentence for sentence in found)


def test_a_state_that_two_checks_forbid_is_told_and_stops_nothing(target: Target) -> None:
    run(
        target,
        """
        create table public.bookings (
            id uuid primary key default gen_random_uuid(),
            user_id uuid not null references auth.users (id) on delete cascade,
            came_at timestamptz,
            left_at timestamptz,
            check (left_at is null or came_at is not null),
            check (left_at > came_at)
        );
        alter table public.bookings enable row level security;
        create policy "Guests read." on public.bookings
        for select to authenticated using (user_id = (select auth.uid()) and left_at is null);
        """
        + GRANTS,
    )
    table = observe(target).table("bookings")
    assert table is not None
    seen = table.find("owner", "own", "select")
    assert seen is not None
    assert seen.succeeds
