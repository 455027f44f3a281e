"""Columns that functions and views with their owner's rights hide, or show, in states of rows."""

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


def _from_listings(*columns: str) -> str:
    return " ".join(("select", ", ".join(columns), "from public.listings l"))


def _selected(address: str, phone: str) -> str:
    return _card(_from_listings("l.id", "l.title", address, phone) + " where l.id = p_id")


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


def _place(address: str, name: str = "listing_place", which: str = "true") -> str:
    body = _from_listings("l.id", "l.title", address) + f" where l.id = p_id and {which}"
    answer = "table (listing uuid, title text, address text)"
    made = ("create or replace function", f"public.{name}(p_id uuid)", "returns", answer, SQL)
    return " ".join((*made, "as $$", body, "$$;"))


def _sale(address: str) -> str:
    return _place(address, "listing_sale", "l.status = 'sold'")


def _places(address: str) -> str:
    body = _from_listings("l.id", "l.title", f"{address} as address")
    return f"create or replace view public.places as {body};"


TWO = f"""
{LISTINGS}
alter table public.listings add column is_hidden boolean not null default false;
{_place("case when l.status = 'sold' and not l.is_hidden then l.address end")}
{_places("case when l.status = 'sold' and l.is_hidden then l.address end")}
{_sale("case when not l.is_hidden then l.address end")}
revoke all on function public.listing_place, public.listing_sale from public, anon, service_role;
grant execute on function public.listing_place, public.listing_sale to authenticated;
revoke all on public.places from anon, authenticated, service_role;
grant select on public.places to authenticated;
"""
PLACE, PLACES = ("public.listing_place(uuid)", "stranger"), ("places", "stranger")
GETS = "Authenticated strangers can now get address of other people's rows by calling"
READS = "Authenticated strangers can now read places.address on other people's rows"


def test_a_contract_says_what_two_states_hide_and_show_together(target: Target) -> None:
    run(target, TWO)
    told = written(target).facts.allowed
    assert {
        e[2]: columns for e, columns in told.items() if e[:2] == PLACE and e[3] == "select"
    } == {
        "other": ("listing", "title"),
        "other [listings.status=sold]": ("*",),
        "other [listings.status=sold, listings.is_hidden=true]": ("listing", "title"),
    }
    assert {e[2]: columns for e, columns in told.items() if e[:2] == PLACES} == {
        "other": ("id", "title"),
        "other [listings.status=sold, listings.is_hidden=true]": ("*",),
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            _place("case when l.status = 'sold' then l.address end"),
            f"{GETS} public.listing_place(uuid) where listings.status=sold,"
            " listings.is_hidden=true.",
            id="one of two conditions goes",
        ),
        pytest.param(
            _sale("l.address"),
            f"{GETS} public.listing_sale(uuid) where listings.status=sold,"
            " listings.is_hidden=true.",
            id="a mask goes of what a state opens",
        ),
        pytest.param(
            _places("l.address"),
            f"{READS} where listings.is_hidden=false, listings.status=open.",
            id="the mask of a view goes",
        ),
        pytest.param(
            _places("case when l.status = 'sold' then l.address end"),
            f"{READS} where listings.status=sold, listings.is_hidden=false.",
            id="one of two conditions of a view goes",
        ),
    ],
)
def test_what_two_states_hide_together_is_held(target: Target, change: str, told: str) -> None:
    run(target, TWO)
    contract = written(target)
    run(target, change)
    assert told in red(target, contract)


def test_another_spelling_of_two_conditions_keeps_the_contract(target: Target) -> None:
    run(target, TWO)
    contract = written(target)
    run(target, _place("(select l.address where not l.is_hidden and l.status <> 'open')"))
    run(target, _places("(select l.address where l.is_hidden and l.status = 'sold')"))
    run(target, _sale("(select l.address where l.is_hidden is false)"))
    assert red(target, contract) == {}


def test_an_older_contract_is_told_that_it_knows_no_masks_of_two_states(target: Target) -> None:
    run(target, TWO)
    matrix = observe(target)
    facts = facts_of(matrix)
    allowed = {
        entry: ("*",) if entry[0] == "places" else names
        for entry, names in facts.allowed.items()
        if "," not in entry[2]
    }
    older = replace(facts, allowed=allowed, covers=facts.covers - {MASKED})
    told = {(f.severity, f.relation) for f in compare(facts, older, matrix)}
    names = "public.listing_place(uuid)", "public.listing_sale(uuid)", "places"
    assert told == {("warning", name) for name in names}
