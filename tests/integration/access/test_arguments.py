# ruff: noqa: E501 - schemas read better in long lines
"""Functions are called with what their arguments must be: an id looked up, a form, a listed value."""

from __future__ import annotations

import pytest

from prospectr_db.database import Target
from tests.integration.access.held import hold

MATCHES = """
create table public.organizations (id uuid primary key default gen_random_uuid(), name text not null);
create table public.memberships (
    organization_id uuid not null references public.organizations (id),
    user_id uuid not null references auth.users (id),
    primary key (organization_id, user_id)
);
create table public.listings (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references public.organizations (id)
);
create table public.matches (
    id uuid primary key default gen_random_uuid(),
    listing_id uuid not null references public.listings (id),
    status text not null default 'proposed'
);
alter table public.organizations enable row level security;
alter table public.memberships enable row level security;
alter table public.listings enable row level security;
alter table public.matches enable row level security;
create policy s on public.memberships for select to authenticated using (user_id = auth.uid());
create policy s on public.listings for select to authenticated using (exists (select from public.memberships as m where m.organization_id = listings.organization_id and m.user_id = auth.uid()));
create policy s on public.matches for select to authenticated using (exists (select from public.listings as l where l.id = matches.listing_id));
revoke all on all tables in schema public from anon, authenticated;
grant select on public.memberships, public.listings, public.matches to authenticated;
create function public.org_of(listing uuid) returns uuid language sql stable security definer set search_path = ''
as $$ select l.organization_id from public.listings as l where l.id = listing $$;
revoke execute on function public.org_of(uuid) from public, anon, authenticated;
"""
CONFIRM = """
create or replace function public.confirm_match(p_match_id uuid, {org} uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
    v_listing uuid;
    v_org uuid;
begin
    select m.listing_id into v_listing from public.matches as m where m.id = p_match_id;
    if not found then raise exception 'no such match'; end if;
    {lookup};
    if v_org is distinct from {org} then raise exception 'no party to it'; end if;
    {caller}
    update public.matches set status = 'confirmed' where id = p_match_id;
end $$;
"""
LOOKUP = "select l.organization_id into v_org from public.listings as l where l.id = v_listing"
HELPER = "v_org := public.org_of(v_listing)"
MEMBER = "if not exists (select from public.memberships as m where m.organization_id = v_org and m.user_id = auth.uid()) then raise exception 'no member'; end if;"


@pytest.mark.parametrize(
    ("org", "lookup"),
    [
        ("p_confirming_org_id", LOOKUP),
        ("p_org_id", HELPER),
        ("organization", LOOKUP),
        ("x", HELPER),
    ],
)
def test_an_organization_that_is_looked_up_is_found_whatever_its_parameter_is_called(
    org: str, lookup: str, target: Target
) -> None:
    name = "public.confirm_match(uuid, uuid)"
    held = hold(target, MATCHES + CONFIRM.format(org=org, lookup=lookup, caller=MEMBER))
    assert held.contract.facts.allowed[name, "owner", "own", "update"] == ()
    found = held.after(CONFIRM.format(org=org, lookup=lookup, caller=""))
    told = "can now change other people's rows by calling"
    assert f"Visitors without a login {told} {name}." in found
