"""Those on a list who own rows, where a policy asks for both, and tenants that users write down."""

from __future__ import annotations

from collections.abc import Callable

from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.held import run
from tests.integration.access.holding import Held

FOUNDERS = """
create table public.founders (
    user_id uuid primary key references auth.users (id) on delete cascade
);
create table public.shops (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    user_id uuid not null references auth.users (id) on delete cascade
);
create table public.shelves (
    id uuid primary key default gen_random_uuid(),
    shop_id uuid not null references public.shops (id) on delete cascade,
    label text not null
);
create table public.notes (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    body text not null
);
alter table public.founders enable row level security;
alter table public.shops enable row level security;
alter table public.shelves enable row level security;
alter table public.notes enable row level security;
create function public.is_founder() returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (select from public.founders where user_id = (select auth.uid())) $$;
revoke execute on function public.is_founder() from public, anon;
grant execute on function public.is_founder() to authenticated;
create policy "change" on public.shops for update to authenticated
using (user_id = (select auth.uid()) and (select public.is_founder()));
create policy "look" on public.shops for select to authenticated
using (user_id = (select auth.uid()) and (select public.is_founder()));
create policy "clear" on public.shelves for delete to authenticated
using ((select public.is_founder()) and exists (
    select from public.shops as s where s.id = shop_id and s.user_id = (select auth.uid())
));
create policy "read" on public.notes for select to authenticated
using (user_id = (select auth.uid()) or exists (
    select from public.founders as f where f.user_id = (select auth.uid())
));
create policy "themselves" on public.founders for select to authenticated
using (user_id = (select auth.uid()));
revoke all on public.founders, public.shops, public.shelves, public.notes
from anon, authenticated, service_role;
grant select on public.founders, public.shops, public.notes to authenticated;
grant update (name) on public.shops to authenticated;
grant delete on public.shelves to authenticated;
"""
OTHERWISE = """
create function public.keeps(shop uuid) returns boolean
language sql stable security definer set search_path = ''
as $$ select exists (
    select from public.shops as s inner join public.founders as f on f.user_id = s.user_id
    where s.id = shop and f.user_id = (select auth.uid())
) $$;
revoke execute on function public.keeps(uuid) from public, anon;
grant execute on function public.keeps(uuid) to authenticated;
alter policy "change" on public.shops using ((select public.keeps(id)));
"""
CLOSING = """
create function public.close_shop(shop uuid) returns void
language plpgsql security definer set search_path = ''
as $$ begin
    if not public.is_founder() then raise exception 'founders only'; end if;
    if not exists (
        select from public.shops as s where s.id = shop and s.user_id = (select auth.uid())
    ) then raise exception 'not found'; end if;
    delete from public.shops where id = shop;
end $$;
revoke execute on function public.close_shop(uuid) from public, anon;
grant execute on function public.close_shop(uuid) to authenticated;
"""
TENANTS = """
create table public.cards (
    id uuid primary key default gen_random_uuid(),
    tenant_id uuid not null,
    user_id uuid not null references auth.users (id) on delete cascade,
    notes text
);
alter table public.cards enable row level security;
create policy "own" on public.cards for select to authenticated
using (
    user_id = (select auth.uid())
    and tenant_id = nullif(auth.jwt() -> 'user_metadata' ->> 'tenant_id', '')::uuid
);
revoke all on public.cards from anon, authenticated, service_role;
grant select on public.cards to authenticated;
"""


def test_whoever_is_on_a_list_has_rows_where_both_are_asked(held: Callable[[str], Held]) -> None:
    after = held(FOUNDERS)
    lost = after('alter policy "change" on public.shops using (user_id is null)')
    assert lost == {"Users in founders can no longer update shops.name on their own rows."}
    # Whichever of the two conditions is dropped, it is told who gained by it.
    gained = after('alter policy "change" on public.shops using ((select public.is_founder()))')
    assert "Users in founders can now update shops.name on other people's rows." in gained, gained
    gained = after('alter policy "look" on public.shops using (user_id = (select auth.uid()))')
    own = "Owners can now read shops (every column) on their own rows."
    assert own in gained, gained


def test_whoever_is_on_a_list_keeps_rows_that_a_join_gives_him(
    held: Callable[[str], Held],
) -> None:
    after = held(FOUNDERS + OTHERWISE)
    respelt = after(
        'alter policy "change" on public.shops'
        " using ((select public.is_founder()) and user_id = (select auth.uid()))"
    )
    assert not [one for one in respelt if "shops" in one], respelt


def test_whoever_is_on_a_list_calls_functions_for_rows_of_his_own(
    held: Callable[[str], Held],
) -> None:
    after = held(FOUNDERS + CLOSING)
    closed = after(
        CLOSING.replace("create function", "create or replace function").replace(
            "if not public.is_founder()", "if true"
        )
    )
    lost = "Users in founders can no longer call public.close_shop(uuid): refused, founders only."
    assert closed == {lost}
    opened = after(
        CLOSING.replace("create function", "create or replace function").replace(
            "and s.user_id = (select auth.uid())", ""
        )
    )
    assert [one for one in opened if "other people's rows by calling public.close_shop" in one]


def test_who_asks_for_either_gives_nobody_on_a_list_rows(target: Target) -> None:
    run(target, FOUNDERS)
    matrix = observe(target)
    assert not [f.sentence for f in judge(matrix) if f.severity == "error"]
    shelves, notes = matrix.table("shelves"), matrix.table("notes")
    assert shelves is not None
    assert notes is not None
    cleared = shelves.find("in founders", "own", "delete")
    assert cleared is not None
    assert cleared.succeeds
    assert notes.find("in founders", "own", "select") is None


def test_a_tenant_that_users_write_down_keeps_no_owner_from_his_rows(
    held: Callable[[str], Held],
) -> None:
    after = held(TENANTS)
    gained = after(
        'alter policy "own" on public.cards'
        " using (tenant_id = nullif(auth.jwt() -> 'user_metadata' ->> 'tenant_id', '')::uuid)"
    )
    assert [one for one in gained if "forged user_metadata" in one and "read cards" in one], gained
