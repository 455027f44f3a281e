"""What a view shows is held to the contract in every state that its conditions tell apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold, run

SHOP = """
create table public.sellers (
    id uuid primary key references auth.users (id) on delete cascade,
    nick text not null,
    phone text,
    show_phone boolean not null default false,
    is_public boolean not null default false
);
create table public.listings (
    id uuid primary key default gen_random_uuid(),
    seller_id uuid not null references public.sellers (id) on delete cascade,
    title text not null,
    remark text,
    status text not null default 'draft' check (status in ('draft', 'active', 'sold')),
    published_at timestamptz,
    deleted_at timestamptz
);
alter table public.sellers enable row level security;
alter table public.listings enable row level security;
create policy own on public.sellers for all to authenticated
using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy own on public.listings for all to authenticated
using (seller_id = (select auth.uid()) and deleted_at is null)
with check (seller_id = (select auth.uid()));
create policy active on public.listings for select to anon, authenticated
using (status = 'active');
revoke all on public.sellers, public.listings from anon, authenticated;
grant select, insert, update (nick, phone), delete on public.sellers to authenticated;
grant select, update (title) on public.listings to authenticated;
grant select on public.listings to anon;
"""
ANON, STRANGERS = "Visitors without a login", "Authenticated strangers"
ALL = "seen (every column) on other people's rows"
OTHERS = "on other people's rows where"


def seen(query: str, *, option: str = "", name: str = "seen") -> str:
    return (
        f"create or replace view public.{name} {option} as {query};"
        f"revoke all on public.{name} from anon, authenticated;"
        f"grant select on public.{name} to anon, authenticated;"
    )


def of(sentences: set[str], who: str) -> set[str]:
    return {sentence.removeprefix(f"{who} ") for sentence in sentences if sentence.startswith(who)}


ACTIVE = "select id, title from public.listings where status = 'active' and deleted_at is null"
PUBLISHED = f"{ACTIVE} and published_at <= now()"
JOINED = """
select l.id, l.title, s.nick from public.listings as l
inner join public.sellers as s on l.seller_id = s.id
where l.status = 'active' and s.is_public
"""
TITLES = """
select s.id, s.nick, (
    select jsonb_agg(jsonb_build_object('title', l.title)) from public.listings as l
    where l.seller_id = s.id and l.status = 'active'
) as titles
from public.sellers as s where s.is_public
"""
PHONES = """
select id, nick, case when show_phone or id = auth.uid() then phone else '***' end as phone
from public.sellers where is_public
"""
CASES = {
    "the first of two conditions": (
        ACTIVE,
        ACTIVE.replace("status = 'active' and", ""),
        {f"can now read {ALL} where listings.status=draft."},
    ),
    "the second of two conditions": (
        ACTIVE,
        ACTIVE.replace("and deleted_at is null", ""),
        {
            f"can now read {ALL} where listings.status=active, listings.deleted_at={day}-01-01."
            for day in ("2020", "2090")
        },
    ),
    "one of two that hide a row at once": (
        PUBLISHED,
        PUBLISHED.replace("and published_at <= now()", ""),
        {f"can now read {ALL} where listings.status=active, listings.published_at=null."},
    ),
    "the other of them": (
        PUBLISHED,
        PUBLISHED.replace("status = 'active' and", ""),
        {f"can now read {ALL} where listings.published_at=2020-01-01, listings.status=draft."},
    ),
    "a condition on the other side of a join": (
        JOINED,
        JOINED.replace("and s.is_public", ""),
        {f"can now read {ALL} where listings.status=active, sellers.is_public=false."},
    ),
    "a column that is only shown in a state": (
        ACTIVE,
        ACTIVE.replace("title", "title, remark"),
        {"can now read seen.remark on other people's rows where listings.status=active."},
    ),
    "a mask": (
        PHONES,
        PHONES.replace("or id = auth.uid()", "or true"),
        {f"can now read seen.phone {OTHERS} sellers.is_public=true, sellers.show_phone=false."},
    ),
    "a condition inside a column": (
        TITLES,
        TITLES.replace("and l.status = 'active'", ""),
        {f"can now read seen.titles {OTHERS} sellers.is_public=true, listings.status=draft."},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_view_begins_to_show_is_a_leak(name: str, target: Target) -> None:
    query, changed, expected = CASES[name]
    held = hold(target, SHOP + seen(query))
    found = held.after(seen(changed))
    assert of(found, ANON) == of(found, STRANGERS) == expected
    assert not any("no longer" in sentence for sentence in found)


@pytest.mark.parametrize("option", ["", "with (security_barrier)"])
def test_a_condition_that_a_view_gets_is_a_loss(option: str, target: Target) -> None:
    held = hold(target, SHOP + seen(ACTIVE, option=option))
    found = held.after(seen(f"{ACTIVE} and published_at is not null", option=option))
    assert of(found, ANON) == {f"can no longer read {ALL} where listings.status=active."}
    assert all("no longer" in sentence for sentence in found)


TURNED = """
select l.id, l.title from public.listings as l
where not (l.status <> 'active' or l.deleted_at is not null)
"""
JOINED_OTHERWISE = JOINED.replace(
    "l.status = 'active' and s.is_public",
    "s.is_public is true and l.status = any (array['active'])",
)
SPELLINGS = [
    (ACTIVE, TURNED),
    (PUBLISHED, f"{PUBLISHED} and coalesce(published_at <= now(), false)"),
    (PHONES, PHONES.replace("else '***'", "else repeat('*', 3)")),
    (JOINED, JOINED_OTHERWISE),
]


@pytest.mark.parametrize(("query", "other"), SPELLINGS)
def test_another_spelling_of_a_view_is_no_difference(
    query: str, other: str, target: Target
) -> None:
    assert hold(target, SHOP + seen(query)).after(seen(other)) == set()


def test_views_below_a_view_count_as_its_own_conditions(target: Target) -> None:
    below = "select id, title, status from public.listings where deleted_at is null"
    query = "select id, title from public.below where status = 'active'"
    held = hold(
        target,
        SHOP + seen(below, name="below") + "revoke all on public.below from anon, authenticated;"
        + seen(query),
    )  # fmt: skip
    run(target, "create or replace view public.below as " + below.partition(" where")[0])
    assert of(held.errors(), ANON) == {
        f"can now read {ALL} where listings.status=active, listings.deleted_at={day}-01-01."
        for day in ("2020", "2090")
    }


def test_a_materialized_view_is_filled_again_in_each_state(target: Target) -> None:
    made = "drop materialized view if exists public.seen; create materialized view public.seen as "
    grant = "; grant select on public.seen to anon"
    held = hold(target, SHOP + made + ACTIVE + grant)
    shown = '[views.seen.anon."other [listings.status=active]"]\nselect = "*"'
    assert shown in held.text
    found = held.after(made + ACTIVE.replace("and deleted_at is null", "") + grant)
    assert of(found, ANON) == {
        f"can now read {ALL} where listings.status=active, listings.deleted_at={day}-01-01."
        for day in ("2020", "2090")
    }


INVOKER = "with (security_invoker = true)"


def test_a_view_that_no_longer_asks_as_its_reader_is_a_leak_in_the_states_that_were_closed(
    target: Target,
) -> None:
    query = "select id, title from public.listings where seller_id is not null"
    held = hold(target, SHOP + seen(query, option=INVOKER))
    found = held.after("alter view public.seen reset (security_invoker)")
    assert f"can now read {ALL} where listings.status=draft." in of(found, ANON)
    assert (
        "seen now reads with the rights of postgres; the contract says rights of its reader."
        in found
    )
    own = "seen (every column) on their own rows where listings.deleted_at=2020-01-01"
    assert f"can now read {own}." in of(found, "Owners")


def test_the_rights_of_a_view_are_held_where_nothing_else_shows_them(target: Target) -> None:
    held = hold(target, SHOP + seen("select 1 as one from public.listings", option=INVOKER))
    now = "seen now reads with the rights of"
    assert f"{now} postgres; the contract says rights of its reader." in held.after(
        "alter view public.seen set (security_invoker = false)"
    )
    held = Held(target, held.text.replace("rights of its reader", "rights of postgres"))
    assert f"{now} its reader; the contract says rights of postgres." in held.after(
        "alter view public.seen set (security_invoker = true)"
    )


def test_rows_that_a_view_shows_in_a_state_are_changed_through_it(target: Target) -> None:
    held = hold(target, SHOP + seen(ACTIVE))
    found = held.after("grant update, delete on public.seen to authenticated")
    assert of(found, STRANGERS) == {
        "can now update seen (every column) on other people's rows where listings.status=active.",
        "can now delete seen on other people's rows where listings.status=active.",
    }


MINE = "select id, seller_id, title from public.listings where seller_id = (select auth.uid())"
ADD = """
create or replace function public.add_listing() returns trigger
language plpgsql security definer set search_path = '' as $$ begin
    insert into public.listings (seller_id, title) values ({}, new.title); return new;
end $$;
revoke execute on function public.add_listing() from public, anon, authenticated;
"""
ON_SEEN = """
create trigger adding instead of insert on public.seen
for each row execute function public.add_listing();
"""


def test_a_view_that_takes_other_peoples_new_rows_is_a_leak(target: Target) -> None:
    grant = "grant insert on public.seen to authenticated;"
    held = hold(target, SHOP + seen(f"{MINE} with check option") + grant)
    found = held.after(seen(MINE) + grant)
    assert of(found, STRANGERS) == {"can now insert into seen rows that belong to somebody else."}


def test_a_trigger_of_a_view_that_takes_other_peoples_new_rows_is_a_leak(target: Target) -> None:
    joined = "select l.id, l.seller_id, l.title, s.nick from public.listings as l"
    joined += " inner join public.sellers as s on l.seller_id = s.id where s.id = auth.uid()"
    grant = "grant insert on public.seen to authenticated;"
    held = hold(target, SHOP + ADD.format("auth.uid()") + seen(joined) + ON_SEEN + grant)
    found = held.after(ADD.format("new.seller_id"))
    assert of(found, STRANGERS) == {"can now insert into seen rows that belong to somebody else."}


def older(held: Held) -> Held:
    """Write a contract as it was before views were read in states, with "*" for every column."""
    facts = held.contract.facts
    plain = {
        entry: ("*",) if entry[0] == "seen" else columns
        for entry, columns in facts.allowed.items()
        if entry[0] != "seen" or "[" not in entry[2]
    }
    idle = {} if plain.keys() & {("seen", "anon", "other", "select")} else {"seen": IDLE}
    known = replace(
        facts,
        allowed=plain,
        idle={**facts.idle, **idle},
        columns={},
        shut=frozenset(entry for entry in facts.shut if entry[0] != "seen"),
        states={relation: told for relation, told in facts.states.items() if relation != "seen"},
        covers=frozenset(),
    )
    return Held(held.target, render(known, accepted={}))


IDLE = ("anon: select", "authenticated: select")


@pytest.mark.parametrize("query", [ACTIVE, PUBLISHED, PHONES, TITLES])
def test_an_older_contract_is_told_of_states_in_one_warning(query: str, target: Target) -> None:
    held = older(hold(target, SHOP + seen(query)))
    assert held.errors() == set()
    say = "The contract does not say yet in which states rows are seen through seen"
    assert f"{say}, nor who adds any: let `access write` add it." in held.warnings()


def test_an_older_contract_still_holds_the_rows_as_they_are(target: Target) -> None:
    held = older(hold(target, SHOP + seen(ACTIVE)))
    found = held.after(seen(ACTIVE.replace("status = 'active' and", "")))
    assert of(found, ANON) == {f"can now read {ALL}."}
