"""Rows with a beginning and an end: over, running and yet to come, on old rows and on new ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.access.holding import Held

BOOKINGS = """
create table public.bookings (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    note text,
    check (ends_at > starts_at),
    check (ends_at - starts_at <= interval '90 days')
);
alter table public.bookings enable row level security;
create policy "read" on public.bookings for select to authenticated
using (user_id = (select auth.uid()));
create policy "book ahead" on public.bookings for insert to authenticated
with check (user_id = (select auth.uid()) and starts_at > now());
create policy "change until it is over" on public.bookings for update to authenticated
using (user_id = (select auth.uid()) and ends_at > now());
create policy "cancel before" on public.bookings for delete to authenticated
using (user_id = (select auth.uid()) and starts_at > now());
revoke all on public.bookings from anon, authenticated, service_role;
grant select, insert, delete on public.bookings to authenticated;
grant update (note) on public.bookings to authenticated;
grant select, insert, update, delete on public.bookings to service_role;
"""


@pytest.mark.parametrize(
    ("policy", "condition", "said"),
    [
        (
            "change until it is over",
            "using (user_id = (select auth.uid()))",
            "Owners can now update bookings.note on their own rows where ends_at=2020-01-01.",
        ),
        (
            "cancel before",
            "using (user_id = (select auth.uid()))",
            "Owners can now delete bookings on their own rows where starts_at=2020-01-01.",
        ),
        (
            "book ahead",
            "with check (user_id = (select auth.uid()))",
            "Owners can now insert into bookings for themselves with any value of starts_at.",
        ),
    ],
)
def test_a_condition_on_time_is_held(
    policy: str, condition: str, said: str, held: Callable[[str], Held]
) -> None:
    found = held(BOOKINGS)(f'alter policy "{policy}" on public.bookings {condition}')
    assert said in found


def test_another_spelling_of_a_condition_on_time_is_no_difference(
    held: Callable[[str], Held],
) -> None:
    after = held(BOOKINGS)
    assert (
        after(
            'alter policy "change until it is over" on public.bookings'
            " using (not (ends_at <= current_timestamp) and auth.uid() = user_id);"
            'alter policy "book ahead" on public.bookings'
            " with check ((select auth.uid()) = user_id and now() < starts_at);"
        )
        == set()
    )


DEADLINES = """
create table public.comments (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id),
    posted_at timestamptz not null default now(),
    due_at timestamptz not null,
    body text
);
alter table public.comments enable row level security;
create policy "read" on public.comments for select to authenticated
using (user_id = (select auth.uid()));
create policy "correct at once" on public.comments for update to authenticated
using (user_id = (select auth.uid()) and posted_at > now() - interval '15 minutes');
create policy "withdraw early" on public.comments for delete to authenticated
using (user_id = (select auth.uid()) and due_at > now() + interval '1 day');
revoke all on public.comments from anon, authenticated, service_role;
grant select, delete on public.comments to authenticated;
grant update (body) on public.comments to authenticated;
grant select, insert, update, delete on public.comments to service_role;
"""
MINE = "user_id = (select auth.uid())"


@pytest.mark.parametrize(
    ("policy", "condition", "said"),
    [
        (
            "correct at once",
            "posted_at > now() - interval '15 hours'",
            "Owners can now update comments.body on their own rows where posted_at=now-1125s.",
        ),
        (
            "withdraw early",
            "due_at > now() - interval '24 hours'",
            "Owners can now delete comments on their own rows where due_at=now+18h.",
        ),
        (
            "withdraw early",
            "due_at > now() + interval '1 week'",
            "Owners can no longer delete comments on their own rows where due_at=now+30h.",
        ),
    ],
)
def test_another_distance_from_now_is_told(
    policy: str, condition: str, said: str, held: Callable[[str], Held]
) -> None:
    change = f'alter policy "{policy}" on public.comments using ({MINE} and {condition})'
    found = held(DEADLINES)(change)
    assert found == {said}


@pytest.mark.parametrize(
    ("policy", "condition"),
    [
        ("correct at once", "now() - posted_at < interval '900 seconds'"),
        ("withdraw early", "due_at - make_interval(hours => 24) > current_timestamp"),
        ("withdraw early", "now() < due_at - '24:00:00'::interval"),
    ],
)
def test_another_spelling_of_a_distance_is_no_difference(
    policy: str, condition: str, held: Callable[[str], Held]
) -> None:
    change = f'alter policy "{policy}" on public.comments using ({MINE} and {condition})'
    assert held(DEADLINES)(change) == set()
