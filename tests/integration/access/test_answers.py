# ruff: noqa: E501, S608 - schemas read better in long lines
"""What a function answers with is held column by column, however it puts its answer together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import ANSWERS, COVERS
from prospectr_db.database import Target
from tests.integration.access.held import Held, hold

PEOPLE = """
create table public.people (
    id uuid primary key references auth.users (id) on delete cascade,
    name text not null, handle text not null, salary int, ssn text, listed boolean not null default false
);
create table public.plans (id int primary key, title text not null, price int not null, cost int not null);
alter table public.people enable row level security;
alter table public.plans enable row level security;
alter table public.plans enable row level security;
create policy r on public.plans for select to authenticated using (true);
create policy r on public.people for select to authenticated using (listed or id = (select auth.uid()));
revoke all on all tables in schema public from anon, authenticated;
grant select on public.plans to authenticated;
grant select (id, name, handle, listed) on public.people to authenticated;
"""
DEFINER = "language sql stable security definer set search_path = ''"
INVOKER = DEFINER.replace("security definer ", "")
RIGHT = {
    "find": f"create function public.find(q text) returns table (id uuid, name text) {DEFINER} as $$ select p.id, p.name from public.people as p where p.listed and p.name ilike q $$;",
    "card": f"create function public.card(p_id uuid) returns jsonb {DEFINER} as $$ select jsonb_build_object('id', p.id, 'about', jsonb_build_object('name', p.name)) from public.people as p where p.listed and p.id = p_id $$;",
    "me": f"create function public.me() returns jsonb {DEFINER} as $$ select jsonb_build_object('id', p.id, 'name', p.name) from public.people as p where p.id = auth.uid() $$;",
    "prices": f"create function public.prices() returns table (id int, price int) {INVOKER} as $$ select p.id, p.price from public.plans as p $$;",
}
GRANTS = "revoke execute on all functions in schema public from public, anon; grant execute on all functions in schema public to authenticated;"
SCHEMA = PEOPLE + "\n".join(RIGHT.values()) + GRANTS
OTHERS = "of other people's rows by calling"
MORE = {
    "find": (
        "drop function public.find(text);"
        + RIGHT["find"].replace("name text)", "name text, ssn text)").replace("p.name from", "p.name, p.ssn from"),
        f"Authenticated strangers can now get ssn {OTHERS} public.find(text) where people.listed=true.",
    ),
    "card": (
        RIGHT["card"].replace("create function", "create or replace function").replace("'name', p.name", "'name', p.name, 'ssn', p.ssn"),
        f"Authenticated strangers can now get about.ssn {OTHERS} public.card(uuid) where people.listed=true.",
    ),
    "me": (
        RIGHT["me"].replace("create function", "create or replace function").replace("jsonb_build_object('id', p.id, 'name', p.name)", "to_jsonb(p)"),
        "Owners can now get handle, listed and ssn of rows of their own by calling public.me().",
    ),
    "prices": (
        "drop function public.prices();" + RIGHT["prices"].replace("price int)", "price int, cost int)").replace("p.price from", "p.price, p.cost from"),
        "public.prices() now answers with cost, too: signed-in users can call it.",
    ),
}  # fmt: skip


@pytest.fixture
def held(target: Target) -> Held:
    return hold(target, SCHEMA)


@pytest.mark.parametrize("name", MORE)
def test_a_column_more_is_told_with_who_gets_it(name: str, held: Held) -> None:
    change, expected = MORE[name]
    assert expected in held.after(change + GRANTS)


def test_another_way_to_put_an_answer_together_is_no_difference(held: Held) -> None:
    other = f"""
    drop function public.find(text);
    create function public.find(q text, out id uuid, out name text) returns setof record {DEFINER} as $$ select p.id, p.name from public.people as p where p.name ilike q and p.listed $$;
    create or replace function public.card(p_id uuid) returns jsonb {DEFINER} as $$ select to_jsonb(x) from (select p.id, json_build_object('name', p.name) as about from public.people as p where p.listed and p.id = p_id) as x $$;
    create or replace function public.me() returns jsonb language plpgsql stable security definer set search_path = '' as $$ declare r record; begin select p.id, p.name into r from public.people as p where p.id = auth.uid(); return row_to_json(r); end $$;
    """
    assert held.after(other + GRANTS) == set()


def test_a_column_less_is_told_and_an_older_contract_knows_of_none(held: Held) -> None:
    facts = held.contract.facts
    allowed = {
        e: () if facts.relations[e[0]] == "function" else c for e, c in facts.allowed.items()
    }
    columns = {r: c for r, c in facts.columns.items() if facts.relations[r] != "function"}
    known = replace(facts, allowed=allowed, columns=columns, covers=frozenset(COVERS) - {ANSWERS})
    older = Held(held.target, render(known, accepted={}))
    assert older.errors() == set()
    say = "The contract does not say yet which columns public.me() answers with"
    assert f"{say}: let `access write` add it." in older.warnings()
    found = held.after(
        RIGHT["me"].replace("create", "create or replace").replace(", 'name', p.name", "")
    )
    assert "The contract speaks of public.me().name, which is not there." in found
