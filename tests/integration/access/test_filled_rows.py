"""Triggers that say whose a new row is: what counts is the row that came to be."""

from __future__ import annotations

from collections.abc import Callable

from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from tests.integration.access.holding import Held, run

# The right policy of an ordinary application: whatever is sent, the row is the caller's.
NOTES = """
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid references auth.users (id) on delete cascade,
    body text not null
);
create function public.own_it() returns trigger language plpgsql set search_path = ''
as $$ begin new.user_id := (select auth.uid()); return new; end $$;
revoke execute on function public.own_it() from public, anon, authenticated;
create trigger own_it before insert on public.notes for each row execute function public.own_it();
alter table public.notes enable row level security;
create policy "own notes" on public.notes for all to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
revoke all on public.notes from anon, authenticated, service_role;
grant select, insert, update, delete on public.notes to authenticated, service_role;
"""
# A row of two users, one of whom a trigger fills in; nobody buys from himself.
ORDERS = """
create table public.listings (
    id bigint generated always as identity primary key,
    seller_id uuid not null references auth.users (id),
    title text not null
);
create table public.orders (
    id bigint generated always as identity primary key,
    listing_id bigint not null references public.listings (id),
    buyer_id uuid not null references auth.users (id),
    seller_id uuid not null references auth.users (id),
    note text,
    check (buyer_id <> seller_id)
);
create table public.messages (
    id bigint generated always as identity primary key,
    order_id bigint not null references public.orders (id) on delete cascade,
    body text not null
);
create function public.fill_seller() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    select l.seller_id into new.seller_id from public.listings as l where l.id = new.listing_id;
    return new;
end
$$;
revoke execute on function public.fill_seller() from public, anon, authenticated;
create trigger fill_seller before insert on public.orders
for each row execute function public.fill_seller();
alter table public.listings enable row level security;
alter table public.orders enable row level security;
alter table public.messages enable row level security;
create policy "sellers" on public.listings for all to authenticated
using (seller_id = (select auth.uid())) with check (seller_id = (select auth.uid()));
create policy "both read" on public.orders for select to authenticated
using ((select auth.uid()) in (buyer_id, seller_id));
create policy "buyers note" on public.orders for update to authenticated
using (buyer_id = (select auth.uid())) with check (buyer_id = (select auth.uid()));
create policy "both read" on public.messages for select to authenticated
using (exists (select from public.orders as o
    where o.id = order_id and (select auth.uid()) in (o.buyer_id, o.seller_id)));
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select, insert, update, delete on all tables in schema public to authenticated, service_role;
revoke insert, update, delete on public.orders, public.messages from authenticated;
grant update (note) on public.orders to authenticated;
"""


def test_a_row_that_a_trigger_makes_the_callers_own_is_not_somebody_elses(
    held: Callable[[str], Held],
) -> None:
    after = held(NOTES)
    found = after("drop trigger own_it on public.notes;")
    # The policy refuses what the trigger put right, but for the backend nothing does.
    assert found == {"The service role can now insert into notes.user_id rows without an owner."}


def test_a_trigger_that_leaves_the_name_given_lets_rows_in_under_others_names(
    held: Callable[[str], Held],
) -> None:
    after = held(NOTES)
    found = after(
        "create or replace function public.own_it() returns trigger language plpgsql"
        " set search_path = '' as $$ begin"
        " new.user_id := coalesce(new.user_id, (select auth.uid())); return new; end $$;"
        'drop policy "own notes" on public.notes;'
        'create policy "add" on public.notes for insert to authenticated with check (true);'
        'create policy "own notes" on public.notes for all to authenticated'
        " using (user_id = (select auth.uid()));"
    )
    said = "can now insert into notes rows that belong to somebody else."
    assert f"Authenticated strangers {said}" in found


def test_a_row_that_a_trigger_completes_is_built_between_two_users(
    held: Callable[[str], Held],
) -> None:
    after = held(ORDERS)
    found = after(
        'alter policy "buyers note" on public.orders'
        " using ((select auth.uid()) in (buyer_id, seller_id)) with check (true);"
        'alter policy "both read" on public.messages using (true);'
    )
    assert "Owners can now update orders.note on rows that name them in seller_id only." in found
    read = "can now read messages (every column) on other people's rows."
    assert f"Authenticated strangers {read}" in found


def test_a_row_without_an_owner_is_there_although_a_trigger_gives_each_one(target: Target) -> None:
    run(target, NOTES)
    table = observe(target).table("notes")
    assert table is not None
    orphans = {a.persona: a.succeeds for a in table.accesses if a.rows == "orphan"}
    assert orphans["service_role"]
    assert not orphans["owner"]
    assert not orphans["stranger"]
