"""Sellers and buyers of one offer: who brings it into which state, and changes what with it."""

from __future__ import annotations

from collections.abc import Callable

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import run
from tests.integration.access.holding import Held

OFFERS = """
create table public.listings (
    id bigint generated always as identity primary key,
    seller_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    title text not null,
    state text not null default 'draft' check (state in ('draft', 'published', 'sold'))
);
create table public.offers (
    id bigint generated always as identity primary key,
    listing_id bigint not null references public.listings (id) on delete cascade,
    buyer_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    amount_cents integer not null check (amount_cents > 0),
    state text not null default 'open' check (state in ('open', 'accepted', 'withdrawn')),
    unique (listing_id, buyer_id)
);
create table public.orders (
    id bigint generated always as identity primary key,
    offer_id bigint not null unique references public.offers (id),
    listing_id bigint not null references public.listings (id),
    buyer_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    address text not null
);
create schema private;
grant usage on schema private to authenticated;
create function private.sells(listing bigint) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.listings l where l.id = listing and l.seller_id = auth.uid())
$$;
create function private.is_published(listing bigint) returns boolean
language sql stable security definer set search_path = '' as $$
    select exists (select from public.listings l where l.id = listing and l.state = 'published')
$$;
create function private.keep_amount() returns trigger language plpgsql set search_path = '' as $$
begin
    if new.amount_cents <> old.amount_cents and auth.uid() <> old.buyer_id then
        raise exception 'only the buyer changes the amount';
    end if;
    return new;
end $$;
create trigger keep_amount before update on public.offers
for each row execute function private.keep_amount();
create view public.shop_window with (security_barrier = true) as
select l.id, l.title from public.listings as l where l.state = 'published';

alter table public.listings enable row level security;
alter table public.offers enable row level security;
alter table public.orders enable row level security;
revoke all on all tables in schema public from anon, authenticated, service_role;
revoke execute on all functions in schema private from public;
grant execute on all functions in schema private to authenticated;
grant select on public.shop_window to anon, authenticated;
grant select on public.listings, public.offers, public.orders to authenticated;
grant insert (listing_id, buyer_id, amount_cents) on public.offers to authenticated;
grant update (amount_cents, state) on public.offers to authenticated;
grant insert (offer_id, listing_id, buyer_id, address) on public.orders to authenticated;

create policy "own" on public.listings for select to authenticated
using (seller_id = (select auth.uid()) and private.is_published(id) is not null);
create policy "both" on public.offers for select to authenticated
using (buyer_id = (select auth.uid()) or private.sells(listing_id));
create policy "offer" on public.offers for insert to authenticated with check (
    buyer_id = (select auth.uid()) and state = 'open' and private.is_published(listing_id)
);
create policy "accept" on public.offers for update to authenticated
using (state = 'open' and private.sells(listing_id))
with check (state = 'accepted' and private.sells(listing_id));
create policy "withdraw" on public.offers for update to authenticated
using (state = 'open' and buyer_id = (select auth.uid()))
with check (state in ('open', 'withdrawn') and buyer_id = (select auth.uid()));
create policy "both" on public.orders for select to authenticated
using (buyer_id = (select auth.uid()) or private.sells(listing_id));
create policy "order" on public.orders for insert to authenticated with check (
    buyer_id = (select auth.uid()) and exists (
        select from public.offers as o
        where o.id = orders.offer_id and o.listing_id = orders.listing_id
        and o.buyer_id = (select auth.uid()) and o.state = 'accepted'
    )
);
"""
SELLER = "on other people's rows under their own listing_id"


def test_that_a_seller_changes_the_amount_as_he_accepts_is_a_leak(
    held: Callable[[str], Held],
) -> None:
    found = held(OFFERS)("drop trigger keep_amount on public.offers")
    assert [one for one in found if "offers.amount_cents" in one and SELLER in one], found


def test_that_a_buyer_accepts_his_own_offer_is_a_leak(held: Callable[[str], Held]) -> None:
    found = held(OFFERS)(
        'alter policy "withdraw" on public.offers with check (buyer_id = (select auth.uid()))'
    )
    theirs = "on their own rows under somebody else's listing_id."
    assert f"Owners can now update offers.state=any value {theirs}" in found, found


def test_that_a_seller_accepts_what_was_withdrawn_is_a_leak(held: Callable[[str], Held]) -> None:
    found = held(OFFERS)('alter policy "accept" on public.offers using (private.sells(listing_id))')
    assert [one for one in found if "state=withdrawn" in one and "own listing_id" in one], found


def test_a_helper_about_one_offer_makes_nobody_a_member_of_listings(
    held: Callable[[str], Held],
) -> None:
    found = held(OFFERS)(
        """
        create function private.accepted(offer bigint, listing bigint) returns boolean
        language sql stable security definer set search_path = '' as $$
            select coalesce((
                select o.state = 'accepted' from public.offers as o
                where o.id = offer and o.listing_id = listing and o.buyer_id = auth.uid()
            ), false)
        $$;
        revoke execute on function private.accepted(bigint, bigint) from public;
        grant execute on function private.accepted(bigint, bigint) to authenticated;
        alter policy "order" on public.orders
        with check (private.accepted(offer_id, listing_id) and (select auth.uid()) = buyer_id)
        """
    )
    assert found == set()


def test_a_state_that_nobody_raises_himself_to_is_no_escalation(target: Target) -> None:
    run(target, OFFERS)
    found = judge(observe(target))
    assert not [f.sentence for f in found if f.rule == "escalation"]


def test_answering_what_a_view_shows_everybody_is_no_link_to_the_unseen(target: Target) -> None:
    run(target, OFFERS)
    shown = {f.rule: f.severity for f in judge(observe(target)) if f.relation == "offers"}
    assert shown.get("link-visible") == "note", shown
    run(target, "revoke select on public.shop_window from anon, authenticated")
    hidden = {f.rule: f.severity for f in judge(observe(target)) if f.relation == "offers"}
    assert hidden.get("link") == "error", hidden
