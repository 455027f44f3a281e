"""Rows whose values follow from types of a project's own, from checks on JSON and on numbers."""

from __future__ import annotations

from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from tests.integration.access.holding import hold, run

ZOO = r"""
create type public.address as (street text, zip int, since date);
create type public.span as range (subtype = numeric);
create domain public.spanned as public.span;
create domain public.ean as char(13) check (value ~ '^\d{13}$');
create table public.zoo (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id),
    home public.address not null,
    width public.span not null check (not isempty(width)),
    height public.spanned not null,
    code public.ean not null unique,
    ages int4multirange not null,
    numbered jsonb not null check (numbered ? 'v' and (numbered ->> 'v') ~ '^[0-9]+$'),
    named jsonb not null check (named ? 'name'),
    tagged jsonb not null check (jsonb_typeof(tagged -> 'tags') = 'array'),
    nested jsonb not null check ((nested -> 'a' ->> 'b') in ('x', 'y')),
    listed jsonb not null check (jsonb_typeof(listed) = 'array')
);
alter table public.zoo enable row level security;
revoke all on public.zoo from anon, authenticated, service_role;
grant select, insert, update, delete on public.zoo to authenticated, service_role;
create policy own on public.zoo for all to authenticated
using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
"""
PRICES = """
create domain public.cents as int check (value >= 0);
create table public.products (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id),
    price_cents int not null default 5 check (price_cents >= 0),
    tax public.cents not null default 5,
    stars int not null default 3 check (stars between 1 and 5)
);
alter table public.products enable row level security;
revoke all on public.products from anon, authenticated, service_role;
grant select on public.products to authenticated;
grant select, insert, update, delete on public.products to service_role;
create policy own on public.products for select to authenticated
using (user_id = (select auth.uid()) or (price_cents = 0 and tax < 1 and stars > 4));
"""


def test_a_row_is_built_whatever_its_types_and_checks_on_json(target: Target) -> None:
    after = hold(target, ZOO)
    found = after("alter policy own on public.zoo with check (true)")
    assert any("somebody else's by updating" in s or "can now" in s for s in found), found


def test_such_a_schema_has_every_command_proven(target: Target) -> None:
    run(target, ZOO)
    matrix = observe(target)
    zoo = matrix.table("zoo")
    assert zoo is not None
    assert zoo.unbuildable == ()
    assert not [access for access in zoo.accesses if access.unproven]
    allowed = facts_of(matrix).allowed
    for command in ("select", "insert", "update"):
        assert ("zoo", "owner", "own", command) in allowed
    assert "ages" in allowed["zoo", "owner", "own", "update"]


def test_what_a_columns_own_checks_forbid_is_no_state(target: Target) -> None:
    run(target, PRICES)
    matrix = observe(target)
    assert [f.sentence for f in judge(matrix) if f.severity != "note"] == []
    products = matrix.table("products")
    assert products is not None
    assert products.unbuildable == ()
    assert products.states["price_cents"] == ("0", "1")
    assert set(products.states["stars"]) == {"1", "2", "5", "4"}
    assert "-1" not in products.states["tax"]
