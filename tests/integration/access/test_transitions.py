# ruff: noqa: S608 - nothing of these schemas is input
"""Rows that policies let somebody bring from one state into another, and into no other."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.access.holding import Held

GRANTS = """
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select, insert, update on all tables in schema public to authenticated;
grant select, insert, update, delete on all tables in schema public to service_role;
"""
ORDERS = f"""
create table public.orders (
    id uuid primary key default gen_random_uuid(),
    buyer_id uuid not null references auth.users (id) on delete cascade,
    seller_id uuid not null references auth.users (id) on delete cascade,
    note text,
    status text not null default 'pending'
    check (status in ('pending', 'paid', 'shipped', 'delivered'))
);
alter table public.orders enable row level security;
create policy "read" on public.orders
for select to authenticated using ((select auth.uid()) in (buyer_id, seller_id));
create policy "order" on public.orders for insert to authenticated
with check (buyer_id = (select auth.uid()) and status = 'pending');
create policy "ship" on public.orders for update to authenticated
using (seller_id = (select auth.uid()) and status = 'paid')
with check (seller_id = (select auth.uid()) and status = 'shipped');
create policy "receive" on public.orders for update to authenticated
using (buyer_id = (select auth.uid()) and status = 'shipped')
with check (buyer_id = (select auth.uid()) and status = 'delivered');
{GRANTS}
"""
IN_ONE_POLICY = """
create function public.may_take(seller uuid, buyer uuid, state text) returns boolean
language sql stable set search_path = ''
as $$ select case state when 'paid' then seller = auth.uid()
                        when 'shipped' then buyer = auth.uid() else false end $$;
drop policy "receive" on public.orders;
alter policy "ship" on public.orders
using (public.may_take(seller_id, buyer_id, status))
with check ((seller_id = auth.uid() and status = 'shipped')
    or (status = 'delivered' and (select auth.uid()) = buyer_id));
"""
POSTS = f"""
create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    role text not null default 'author' check (role in ('author', 'editor'))
);
create table public.posts (
    id uuid primary key default gen_random_uuid(),
    author_id uuid not null references auth.users (id) on delete cascade,
    title text not null,
    status text not null default 'draft'
    check (status in ('draft', 'submitted', 'approved', 'rejected'))
);
create function public.is_editor() returns boolean
language sql stable security definer set search_path = ''
return exists (
    select from public.profiles as p where p.id = (select auth.uid()) and p.role = 'editor'
);
alter table public.profiles enable row level security;
alter table public.posts enable row level security;
create policy "read" on public.posts for select to authenticated
using (author_id = (select auth.uid()) or public.is_editor());
create policy "write" on public.posts for update to authenticated
using (author_id = (select auth.uid()) and status = 'draft')
with check (author_id = (select auth.uid()) and status in ('draft', 'submitted'));
create policy "decide" on public.posts for update to authenticated
using (public.is_editor() and status = 'submitted')
with check (public.is_editor() and status in ('approved', 'rejected'));
{GRANTS}
revoke insert, update on public.profiles from authenticated;
"""
OTHERWISE = """
drop policy "decide" on public.posts;
alter policy "write" on public.posts
using (case status when 'draft' then author_id = auth.uid()
    when 'submitted' then public.is_editor() else false end)
with check ((author_id = auth.uid() and status = any ('{draft,submitted}'))
    or (status in ('rejected', 'approved') and public.is_editor()));
"""


def test_who_buys_and_who_sells_bring_an_order_on(held: Callable[[str], Held]) -> None:
    after = held(ORDERS)
    alter = 'alter policy "ship" on public.orders'
    seller = "on rows that name them in seller_id only"
    found = after(f"{alter} using (seller_id = (select auth.uid()))")
    assert (
        "Owners can now update orders.status=shipped "
        f"(and together with status: buyer_id, id, note) {seller}." in found
    )
    assert not any("no longer" in sentence for sentence in found)
    found = after(
        f"{alter} using (seller_id = (select auth.uid()) and status = 'paid')"
        " with check (seller_id = (select auth.uid()) and status in ('shipped', 'delivered'))"
    )
    assert f"Owners can now update orders.status=delivered {seller} where status=paid." in found
    found = after(f"{alter} with check (seller_id = (select auth.uid()))")
    columns = "orders.id, orders.note, orders.status=any value"
    both = f"Owners can now update {columns} {seller} where status=paid."
    assert both in found
    assert after(IN_ONE_POLICY) == set()
    found = after('drop policy "ship" on public.orders;')
    assert any("can no longer update orders.status=shipped (and" in s for s in found), found


def test_an_author_submits_and_an_editor_decides(held: Callable[[str], Held]) -> None:
    after = held(POSTS)
    alter = 'alter policy "decide" on public.posts'
    found = after(f"{alter} with check (public.is_editor())")
    assert (
        "Users with role=editor can now update posts.id, posts.title, posts.status=any value on "
        "other people's rows where status=submitted." in found
    )
    assert not any("no longer" in sentence for sentence in found if "grant" not in sentence)
    found = after(
        f"{alter} using (public.is_editor())"
        " with check (public.is_editor() and status in ('approved', 'rejected'))"
    )
    assert any(s.startswith("Users with role=editor can now update posts.") for s in found), found
    found = after(
        f"{alter} using (public.is_editor() and status = 'submitted');"
        'alter policy "write" on public.posts with check (author_id = (select auth.uid()))'
    )
    assert "Owners can now update posts.status=any value on their own rows." in found
    assert after(OTHERWISE) == set()
