# ruff: noqa: E501, S608 - schemas read better in long lines
"""Rows below a parent that is somebody's by one of several columns, or only from above."""

from __future__ import annotations

import re

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.holding import hold, run

_GRANTS = """
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select, insert, update, delete on all tables in schema public to authenticated, service_role;
"""

ROOMS = (
    """
create table public.rooms (
    id uuid primary key default gen_random_uuid(), owner_id uuid not null references auth.users (id),
    members uuid[] not null default '{}');
create table public.messages (
    id bigint generated always as identity primary key, room_id uuid not null references public.rooms (id) on delete cascade,
    author_id uuid not null references auth.users (id), body text not null);
alter table public.rooms enable row level security;
alter table public.messages enable row level security;
create policy read on public.rooms for select to authenticated
    using (owner_id = (select auth.uid()) or (select auth.uid()) = any (members));
create policy make on public.rooms for insert to authenticated with check (owner_id = (select auth.uid()));
create policy change on public.rooms for update to authenticated
    using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
create policy read on public.messages for select to authenticated using (exists (
    select 1 from public.rooms as r where r.id = room_id and (r.owner_id = (select auth.uid()) or (select auth.uid()) = any (r.members))));
create policy remove on public.messages for delete to authenticated using (exists (
    select 1 from public.rooms as r where r.id = room_id and r.owner_id = (select auth.uid())));
create policy write on public.messages for insert to authenticated with check (author_id = (select auth.uid()) and exists (
    select 1 from public.rooms as r where r.id = room_id and (r.owner_id = (select auth.uid()) or (select auth.uid()) = any (r.members))));
"""
    + _GRANTS
)

ORDERS = (
    """
create table public.orders (
    id uuid primary key default gen_random_uuid(), buyer_id uuid not null references auth.users (id),
    seller_id uuid not null references auth.users (id), total int not null default 0);
create table public.notes (
    id uuid primary key default gen_random_uuid(), order_id uuid not null references public.orders (id) on delete cascade,
    body text not null);
create table public.files (
    id uuid primary key default gen_random_uuid(), note_id uuid not null references public.notes (id) on delete cascade,
    path text not null);
alter table public.orders enable row level security;
alter table public.notes enable row level security;
alter table public.files enable row level security;
create policy read on public.orders for select to authenticated using ((select auth.uid()) in (buyer_id, seller_id));
create policy buy on public.orders for insert to authenticated with check (buyer_id = (select auth.uid()));
create policy mine on public.notes for all to authenticated
    using (exists (select 1 from public.orders as o where o.id = order_id and o.buyer_id = (select auth.uid())))
    with check (exists (select 1 from public.orders as o where o.id = order_id and o.buyer_id = (select auth.uid())));
create policy mine on public.files for all to authenticated
    using (exists (select 1 from public.notes as n join public.orders as o on o.id = n.order_id
                   where n.id = note_id and o.buyer_id = (select auth.uid())))
    with check (exists (select 1 from public.notes as n join public.orders as o on o.id = n.order_id
                   where n.id = note_id and o.buyer_id = (select auth.uid())));
"""
    + _GRANTS
)

BOOKINGS = (
    """
create table public.listings (
    id uuid primary key default gen_random_uuid(), host_id uuid not null references auth.users (id), title text not null);
create table public.bookings (
    id uuid primary key default gen_random_uuid(), listing_id uuid not null references public.listings (id),
    guest_id uuid not null references auth.users (id),
    status text not null default 'requested' check (status in ('requested', 'confirmed')));
create table public.reviews (
    booking_id uuid primary key references public.bookings (id), author_id uuid not null references auth.users (id), body text not null);
create table public.documents (
    id uuid primary key default gen_random_uuid(), booking_id uuid not null references public.bookings (id), path text not null);
alter table public.listings enable row level security;
alter table public.bookings enable row level security;
alter table public.reviews enable row level security;
alter table public.documents enable row level security;
create policy mine on public.listings for all to authenticated
    using (host_id = (select auth.uid())) with check (host_id = (select auth.uid()));
create policy read on public.bookings for select to authenticated using (guest_id = (select auth.uid()) or exists (
    select 1 from public.listings as l where l.id = listing_id and l.host_id = (select auth.uid())));
create policy book on public.bookings for insert to authenticated with check (guest_id = (select auth.uid()) and exists (
    select 1 from public.listings as l where l.id = listing_id and l.host_id = (select auth.uid())));
create policy write on public.reviews for insert to authenticated with check (author_id = (select auth.uid()) and exists (
    select 1 from public.bookings as b where b.id = booking_id and b.guest_id = (select auth.uid()) and b.status = 'confirmed'));
create policy read on public.documents for select to authenticated using (exists (
    select 1 from public.bookings as b where b.id = booking_id));
create policy add on public.documents for insert to authenticated with check (exists (
    select 1 from public.bookings as b where b.id = booking_id and b.guest_id = (select auth.uid())));
"""
    + _GRANTS
)

_ANY_MEMBER = "r.owner_id = (select auth.uid()) or (select auth.uid()) = any (r.members)"
NARROWED = """
alter policy read on public.messages using (exists (
    select 1 from public.rooms as r where r.id = room_id and r.owner_id = (select auth.uid())));
"""
WIDENED = (
    """
alter policy remove on public.messages using (exists (
    select 1 from public.rooms as r where r.id = room_id and ("""
    + _ANY_MEMBER
    + ")));"
)
SILENCED = """
alter policy write on public.messages with check (author_id = (select auth.uid()) and exists (
    select 1 from public.rooms as r where r.id = room_id and r.owner_id = (select auth.uid())));
"""
SELLERS = """
alter policy mine on public.notes using (exists (
    select 1 from public.orders as o where o.id = order_id and (select auth.uid()) in (o.buyer_id, o.seller_id)));
"""
SELLERS_BELOW = """
alter policy mine on public.files with check (exists (
    select 1 from public.notes as n join public.orders as o on o.id = n.order_id
    where n.id = note_id and (select auth.uid()) in (o.buyer_id, o.seller_id)));
"""
HOSTS = """
alter policy add on public.documents with check (exists (select 1 from public.bookings as b where b.id = booking_id));
"""
REVIEWING_HOSTS = """
alter policy write on public.reviews with check (author_id = (select auth.uid()) and exists (
    select 1 from public.bookings as b where b.id = booking_id and b.status = 'confirmed'));
"""


@pytest.mark.parametrize(
    ("schema", "change", "said"),
    [
        (ROOMS, NARROWED, "no longer read messages .*where rooms is theirs by members alone"),
        (ROOMS, WIDENED, "can now delete messages .*where rooms is theirs by members alone"),
        (ROOMS, SILENCED, "no longer insert into messages .*rooms is theirs by members alone"),
        (ORDERS, SELLERS, "can now delete notes .*where orders is theirs by seller_id alone"),
        (
            ORDERS,
            SELLERS + SELLERS_BELOW,
            "can now insert into files .*orders is theirs by seller_id alone",
        ),
        (BOOKINGS, HOSTS, "can now insert into documents .*bookings is theirs by listing_id alone"),
        (BOOKINGS, REVIEWING_HOSTS, "can now insert into reviews .*status=confirmed, bookings is"),
    ],
)
def test_who_may_what_below_a_parent_that_is_his_in_part_is_held(
    schema: str, change: str, said: str, target: Target
) -> None:
    found = hold(target, schema)(change)
    assert any(re.search(said, sentence) for sentence in found), found


@pytest.mark.parametrize("schema", [ROOMS, ORDERS, BOOKINGS])
def test_a_contract_that_does_not_know_such_rows_is_kept_by_the_same_schema(
    schema: str, target: Target
) -> None:
    run(target, schema)
    text = render(facts_of(observe(target)), accepted={})
    kept = [part for part in text.split("\n\n") if not re.search(r" \[[^\]\[]* as ", part)]
    old = re.sub(r'"[^"]* as [^"]*" = true(, )?', "", "\n\n".join(kept))
    assert old != text
    contract = parse_contract(old.replace("states = {  }\n", ""))
    assert not [
        f.sentence
        for f in check(observe(target, given=contract.given), contract)
        if f.severity == "error"
    ]


def test_nothing_is_told_of_rows_that_are_treated_like_the_others(target: Target) -> None:
    run(target, ROOMS)
    facts = facts_of(observe(target))
    told = {
        (e[2], e[3]) for e in (*facts.allowed, *facts.shut) if e[0] == "messages" and " as " in e[2]
    }
    assert told == {("other's under own room_id [rooms as members]", "delete")}


def test_respelled_conditions_change_nothing(target: Target) -> None:
    after = hold(target, BOOKINGS)
    assert after(
        """
        create schema private; grant usage on schema private to authenticated;
        create function private.booked(booking uuid) returns boolean language sql stable security definer set search_path = ''
        as $$ select exists (select 1 from public.bookings as b where b.id = booking and b.guest_id = (select auth.uid())) $$;
        alter policy add on public.documents with check (private.booked(booking_id));
        """
    ) <= {"authenticated now holds what it did not: usage on private (schemas)."}


def test_parents_with_one_way_to_be_owned_have_no_such_rows(target: Target) -> None:
    run(target, BOOKINGS)
    matrix = observe(target)
    assert [f.sentence for f in judge(matrix) if f.severity == "error"] == []
    bookings = matrix.table("bookings")
    assert bookings is not None
    assert set(bookings.states) == {"status"}
