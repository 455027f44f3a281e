# ruff: noqa: E501, S608 - schemas read better in long lines
"""What users set of their own rows is objected to where it gives them power, and not elsewhere."""

from __future__ import annotations

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import run

CLOSED = """
alter table public.{0} enable row level security;
revoke all on public.{0} from anon, authenticated;
grant select on public.{0} to authenticated;
"""
COURIERS = """
create table public.couriers (
    user_id uuid primary key references auth.users (id) on delete cascade,
    vetted boolean not null default false, online boolean not null default false
);
create table public.parcels (
    id uuid primary key default gen_random_uuid(),
    sender_id uuid not null references auth.users (id) on delete cascade,
    status text not null default 'new' check (status in ('new', 'ready', 'gone'))
);
create policy r on public.couriers for select to authenticated using (user_id = (select auth.uid()));
create policy u on public.couriers for update to authenticated using (user_id = (select auth.uid()));
create policy r on public.parcels for select to authenticated using ((select auth.uid()) = sender_id);
create function public.is_courier() returns boolean language sql stable security definer set search_path = '' as
    $$ select exists (select from public.couriers c where c.user_id = auth.uid() and c.vetted and c.online) $$;
create policy o on public.parcels for select to authenticated using (status = 'ready' and public.is_courier());
grant update (online) on public.couriers to authenticated;
""" + "".join(CLOSED.format(table) for table in ("couriers", "parcels"))
ONLINE = "grant update (online) on public.couriers to authenticated;"
DECIDES = "change their own couriers.{}, which decides what they may do"

SHOPS = (
    """
create table public.shops (id uuid primary key default gen_random_uuid(), name text not null);
create table public.staff (
    shop_id uuid not null references public.shops (id) on delete cascade,
    user_id uuid not null references auth.users (id) on delete cascade,
    role text not null default 'packer' check (role in ('owner', 'packer')), primary key (shop_id, user_id)
);
create table public.orders (
    id uuid primary key default gen_random_uuid(), buyer_id uuid not null references auth.users (id),
    shop_id uuid not null references public.shops (id),
    status text not null default 'draft' check (status in ('draft', 'placed', 'paid'))
);
create table public.reviews (
    id uuid primary key default gen_random_uuid(), shop_id uuid not null references public.shops (id) on delete cascade,
    author_id uuid not null references auth.users (id) on delete cascade
);
create function public.works_at(shop uuid, as_owner boolean) returns boolean language sql stable security definer set search_path = '' as
    $$ select exists (select from public.staff s where s.shop_id = shop and s.user_id = auth.uid() and (s.role = 'owner' or not as_owner)) $$;
create function public.shop_of(item uuid) returns uuid language sql stable security definer set search_path = '' as
    $$ select o.shop_id from public.orders o where o.id = item $$;
revoke execute on function public.shop_of(uuid) from public, anon;
grant execute on function public.shop_of(uuid) to authenticated;
create policy r on public.shops for select to authenticated using (public.works_at(id, false));
create policy r on public.staff for select to authenticated using (user_id = (select auth.uid()) or public.works_at(shop_id, true));
create policy b on public.orders for select to authenticated using (buyer_id = (select auth.uid()));
create policy s on public.orders for select to authenticated using (status <> 'draft' and public.works_at(public.shop_of(id), false));
create policy u on public.orders for update to authenticated using (buyer_id = (select auth.uid()) and status = 'draft')
    with check (buyer_id = (select auth.uid()) and status in ('draft', 'placed'));
create policy r on public.reviews for select to authenticated using (author_id = (select auth.uid()));
create policy i on public.reviews for insert to authenticated with check (author_id = (select auth.uid())
    and exists (select from public.orders o where o.shop_id = reviews.shop_id and o.buyer_id = (select auth.uid()) and o.status = 'paid'));
"""
    + "".join(CLOSED.format(table) for table in ("shops", "staff", "orders", "reviews"))
    + """
grant update (status) on public.orders to authenticated;
grant insert on public.reviews to authenticated;
"""
)


def _told(target: Target, severity: str) -> list[str]:
    return [f.sentence for f in judge(observe(target)) if f.severity == severity]


def test_a_switch_of_ones_own_that_opens_nothing_by_itself_is_no_objection(target: Target) -> None:
    run(target, COURIERS + ONLINE)
    assert _told(target, "error") == []
    run(target, "grant update (vetted) on public.couriers to authenticated;")
    found = _told(target, "error")
    assert any(DECIDES.format("vetted") in sentence for sentence in found), found


def test_a_switch_that_opens_others_rows_is_objected_to(target: Target) -> None:
    run(target, COURIERS.replace("c.vetted and ", "") + ONLINE)
    found = _told(target, "error")
    assert any(DECIDES.format("online") in sentence for sentence in found), found


def test_who_left_a_shop_orders_there_as_anybody_else(target: Target) -> None:
    run(target, SHOPS)
    assert _told(target, "error") == []


def test_a_key_that_a_helper_tells_everybody_is_doubtful_and_told_once(target: Target) -> None:
    run(target, SHOPS)
    found = [sentence for sentence in _told(target, "warning") if "shop_of" in sentence]
    assert (
        "Authenticated strangers can learn about other people's rows from the answer of public.shop_of(uuid)."
        in found
    )
    assert not any(sentence.startswith("Removed members") for sentence in found), found
