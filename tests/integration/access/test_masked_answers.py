"""Columns that a function with its owner's rights hides, or shows, while a row is in a state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.comparison.comparison import compare
from prospectr_db.access.matrix.facts import MASKED, facts_of
from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from tests.integration.access.held import red, run, written

LISTINGS = """
create table public.listings (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
    title text not null,
    address text not null,
    phone text not null,
    status text not null default 'open' check (status in ('open', 'sold'))
);
alter table public.listings enable row level security;
revoke all on public.listings from anon, authenticated, service_role;
grant select on public.listings to authenticated;
create policy "own" on public.listings for select to authenticated
using (user_id = (select auth.uid()));
create function public.listing_card(p_id uuid)
returns table (listing uuid, title text, address text, phone text)
language sql stable security definer set search_path = '' as $$
    select l.id, l.title,
        case when l.status = 'sold' then null else l.address end,
        case when l.status = 'sold' then l.phone end
    from public.listings l where l.id = p_id
$$;
revoke all on function public.listing_card(uuid) from public, anon, service_role;
grant execute on function public.listing_card(uuid) to authenticated;
"""


SQL = "language sql stable security definer set search_path = ''"
PLPGSQL = "language plpgsql stable security definer set search_path = ''"


def _card(body: str, language: str = SQL) -> str:
    return (
        "create or replace function public.listing_card(p_id uuid)"
        " returns table (listing uuid, title text, address text, phone text)"
        f" {language} as $$ {body} $$;"
    )


def _selected(address: str, phone: str) -> str:
    columns = ", ".join(("l.id", "l.title", address, phone))
    return _card(" ".join(("select", columns, "from public.listings l where l.id = p_id")))


ADDRESS = "case when l.status = 'sold' then null else l.address end"
PHONE = "case when l.status = 'sold' then l.phone end"


def test_a_contract_says_what_a_state_hides_of_an_answer(target: Target) -> None:
    run(target, LISTINGS)
    allowed = written(target).facts.allowed
    card = "public.listing_card(uuid)", "stranger"
    assert allowed[*card, "other", "select"] == ("address", "listing", "title")
    assert allowed[*card, "other [listings.status=sold]", "select"] == ("listing", "phone", "title")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            _selected("l.address", PHONE),
            "Authenticated strangers can now get address of other people's rows by calling"
            " public.listing_card(uuid) where listings.status=sold.",
            id="a mask goes",
        ),
        pytest.param(
            _selected(ADDRESS, "l.phone"),
            "Authenticated strangers can now get phone of other people's rows by calling"
            " public.listing_card(uuid).",
            id="a condition goes",
        ),
        pytest.param(
            _selected(ADDRESS, "null::text"),
            "Authenticated strangers can no longer get phone of other people's rows by calling"
            " public.listing_card(uuid) where listings.status=sold.",
            id="a column is hidden",
        ),
    ],
)
def test_what_a_state_hides_of_an_answer_is_held(target: Target, change: str, told: str) -> None:
    run(target, LISTINGS)
    contract = written(target)
    run(target, change)
    assert told in red(target, contract)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            _selected("(select l.address where l.status is distinct from 'sold')", PHONE),
            id="a sub-select",
        ),
        pytest.param(
            _card(
                "select l.id, l.title, null::text, l.phone from public.listings l"
                " where l.id = p_id and l.status = 'sold'"
                " union all select l.id, l.title, l.address, null from public.listings l"
                " where l.id = p_id and l.status <> 'sold'"
            ),
            id="a union",
        ),
        pytest.param(
            _card(
                """
                declare l public.listings;
                begin
                    select * into l from public.listings where id = p_id;
                    if l.status = 'sold' then l.address := null; else l.phone := null; end if;
                    return query select l.id, l.title, l.address, l.phone where l.id is not null;
                end
                """,
                PLPGSQL,
            ),
            id="PL/pgSQL",
        ),
    ],
)
def test_another_spelling_of_a_mask_keeps_the_contract(target: Target, change: str) -> None:
    run(target, LISTINGS)
    contract = written(target)
    run(target, change)
    assert red(target, contract) == {}


def test_an_older_contract_is_told_that_it_knows_no_masks(target: Target) -> None:
    run(target, LISTINGS)
    matrix = observe(target)
    facts = facts_of(matrix)
    allowed = {entry: names for entry, names in facts.allowed.items() if "[" not in entry[2]}
    older = replace(facts, allowed=allowed, covers=facts.covers - {MASKED})
    told = {(f.severity, f.sentence) for f in compare(facts, older, matrix)}
    said = (
        "The contract does not say yet which columns public.listing_card(uuid) answers with while"
        " rows are in a state: let `access write` add it."
    )
    assert told == {("warning", said)}
