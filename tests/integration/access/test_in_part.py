# ruff: noqa: E501 - schemas read better in long lines
"""Whoever is in something that another owns: a tenant who is not his own landlord."""

from __future__ import annotations

import pytest

from prospectr_db.database import Target
from tests.integration.access.holding import hold

LEASES = """
create table public.flats (
    id uuid primary key default gen_random_uuid(), landlord_id uuid not null references auth.users (id) on delete cascade, label text not null);
create table public.leases (
    id uuid primary key default gen_random_uuid(), flat_id uuid not null references public.flats (id) on delete cascade,
    tenant_id uuid not null references auth.users (id) on delete cascade,
    status text not null default 'draft' check (status in ('draft', 'active', 'ended')),
    starts_on date not null default current_date, ends_on date not null default current_date + 365, check (ends_on > starts_on));
create table public.payments (
    id uuid primary key default gen_random_uuid(), lease_id uuid not null references public.leases (id) on delete cascade,
    amount int not null, confirmed boolean not null default false);
create table public.requests (
    id uuid primary key default gen_random_uuid(), flat_id uuid not null references public.flats (id) on delete cascade,
    opened_by uuid not null references auth.users (id) on delete cascade, title text not null,
    status text not null default 'open' check (status in ('open', 'cancelled', 'done')));
create function public.lets(flat uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.flats as f where f.id = flat and f.landlord_id = (select auth.uid())) $$;
create function public.rents(flat uuid) returns boolean language sql stable security definer set search_path = '' as $$
    select exists (select 1 from public.leases as l where l.flat_id = flat and l.tenant_id = (select auth.uid())
        and l.status = 'active' and l.starts_on <= current_date and l.ends_on >= current_date) $$;
create function public.guard_request() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    if auth.uid() is not null and not public.lets(old.flat_id) and (new.title <> old.title or new.status <> 'cancelled') then
        raise exception 'you can only cancel' using errcode = '42501';
    end if;
    return new;
end $$;
create trigger guard_request before update on public.requests for each row execute function public.guard_request();
alter table public.flats enable row level security;
alter table public.leases enable row level security;
alter table public.payments enable row level security;
alter table public.requests enable row level security;
create policy own on public.flats for all to authenticated using (landlord_id = (select auth.uid()));
create policy rented on public.flats for select to authenticated using (public.rents(id));
create policy landlords on public.leases for select to authenticated using (public.lets(flat_id));
create policy tenants on public.leases for select to authenticated using (tenant_id = (select auth.uid()) and status <> 'draft');
create policy read on public.payments for select to authenticated using (exists (
    select 1 from public.leases as l where l.id = lease_id and (l.tenant_id = (select auth.uid()) or public.lets(l.flat_id))));
create policy confirm on public.payments for update to authenticated using (exists (
    select 1 from public.leases as l where l.id = lease_id and public.lets(l.flat_id)));
create policy read on public.requests for select to authenticated using (opened_by = (select auth.uid()) or public.lets(flat_id));
create policy open on public.requests for insert to authenticated with check (opened_by = (select auth.uid()) and public.rents(flat_id));
create policy change on public.requests for update to authenticated
    using (public.lets(flat_id) or (opened_by = (select auth.uid()) and status = 'open'))
    with check (public.lets(flat_id) or opened_by = (select auth.uid()));
revoke all on all tables in schema public from anon, authenticated;
grant select, insert, delete on public.flats to authenticated;
grant select on public.leases to authenticated;
grant select, update (confirmed) on public.payments to authenticated;
grant select, insert (flat_id, opened_by, title), update (title, status) on public.requests to authenticated;
"""

FAULTS = {
    "whoever rents confirms what he paid": (
        "alter policy confirm on public.payments using (exists (select 1 from public.leases as l where l.id = lease_id));",
        "update payments on",
        "leases is theirs by tenant_id alone",
    ),
    "whoever opened a request changes all of it": (
        "drop trigger guard_request on public.requests;",
        "requests.title",
        "Removed members",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_tenant_who_may_what_only_his_landlord_could_is_told(target: Target, fault: str) -> None:
    change, column, who = FAULTS[fault]
    errors = hold(target, LEASES)(change)
    assert [error for error in errors if column in error and who in error], errors


def test_another_spelling_of_who_lets_is_none(target: Target) -> None:
    respelled = "alter policy confirm on public.payments using (lease_id in (select l.id from public.leases as l where public.lets(l.flat_id)));"
    assert hold(target, LEASES)(respelled) == set()
