# ruff: noqa: S608 - schemas are put together of pieces, and nothing of them is input
"""Views, functions and procedures: what they show, change, and let one learn of others' rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prospectr_db.access.check import check
from prospectr_db.access.contract.contract import parse_contract
from prospectr_db.access.contract.text import render
from prospectr_db.access.matrix.facts import facts_of
from prospectr_db.access.matrix.finding import Finding
from prospectr_db.access.observe import observe
from prospectr_db.access.review.findings import judge
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator
from tests.integration.access.schemas import NOTES

Build = Callable[[str], tuple[Finding, ...]]

TO_USERS = "to authenticated"


@pytest.fixture
def found_in(target: Target) -> Build:
    """Build a schema on the notes and return every finding about it."""

    def build(sql: str) -> tuple[Finding, ...]:
        with connect_as_migrator(target) as connection:
            connection.execute(NOTES + sql)  # type: ignore[call-overload]
        return judge(observe(target))

    return build


def view(query: str, *, invoker: bool = False, kind: str = "view") -> str:
    option = " with (security_invoker = true)" if invoker else ""
    return (
        f"create {kind} public.seen{option} as {query};"
        "revoke all on public.seen from anon, authenticated;"
        f"grant select on public.seen {TO_USERS};"
    )


def function(rest: str, body: str, *, arguments: str = "", definer: bool = True) -> str:
    rights = "security definer" if definer else ""
    return (
        f"create function public.asked({arguments}) {rest} {rights} set search_path = ''"
        f" as $$ {body} $$; grant execute on function public.asked {TO_USERS};"
    )


TOTAL = "select count(*) as many from public.notes"
OWN_TOTAL = f"{TOTAL} where user_id = (select auth.uid())"
HELPER = (
    "create function public.helper() returns bigint language sql stable security definer"
    f" set search_path = '' as $$ {TOTAL} $$;"
    f"revoke execute on function public.helper from public; grant execute on function public.helper"
    f" {TO_USERS};"
)
DEPENDENCE = {
    "a total with the owner's rights": (view(TOTAL), {"seen"}),
    "a sum with the owner's rights": (
        view("select sum(length(title)) as letters from public.notes"),
        {"seen"},
    ),
    "a total of the reader's own": (view(OWN_TOTAL), set()),
    "a total with the reader's rights": (view(TOTAL, invoker=True), set()),
    "a total kept in a materialized view": (view(TOTAL, kind="materialized view"), {"seen"}),
    "a constant": (view("select 42 as many"), set()),
    "a reader's view on a helper with its owner's rights": (
        HELPER + view("select public.helper() as many", invoker=True),
        {"seen", "public.helper()"},
    ),
    "a caller's function": (
        function("returns bigint language sql stable", TOTAL, definer=False),
        set(),
    ),
    "a caller's function on a helper": (
        HELPER + function("returns bigint language sql", "select public.helper()", definer=False),
        {"public.helper()", "public.asked()"},
    ),
    "a procedure that answers": (
        (
            "create procedure public.asked(inout many bigint) language plpgsql security definer"
            f" set search_path = '' as $$ begin many := ({TOTAL}); end $$;"
            f" grant execute on procedure public.asked {TO_USERS};"
        ),
        {"public.asked(bigint)"},
    ),
    "a procedure that answers about its caller": (
        (
            "create procedure public.asked(inout many bigint) language plpgsql security definer"
            f" set search_path = '' as $$ begin many := ({OWN_TOTAL}); end $$;"
            f" grant execute on procedure public.asked {TO_USERS};"
        ),
        set(),
    ),
}


@pytest.mark.parametrize("name", DEPENDENCE)
def test_an_answer_that_rests_on_others_rows_is_told_of_views_and_procedures(
    name: str, found_in: Build
) -> None:
    sql, expected = DEPENDENCE[name]
    found = found_in(sql)
    told = {f.relation for f in found if f.rule in ("view-depends", "function-depends")}
    assert told == expected
    assert [f.sentence for f in found if f.severity == "error"] == []


def test_a_total_that_begins_to_count_others_rows_turns_the_contract_red(
    target: Target, found_in: Build
) -> None:
    found_in(view(OWN_TOTAL))
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    assert [f for f in check(observe(target), contract) if f.severity == "error"] == []
    with connect_as_migrator(target) as connection:
        connection.execute(f"create or replace view public.seen as {TOTAL}")  # type: ignore[call-overload]
    told = {f.sentence for f in check(observe(target), contract) if f.severity == "error"}
    assert (
        "Authenticated strangers can now learn about other people's rows from the answer of seen."
        in told
    )


READ = "select to_jsonb(n) from public.notes as n where n.id ="
LEAKY = {
    "a default": ("p_id uuid default null", f"{READ} coalesce(p_id, n.id)"),
    "a list": ("variadic ids uuid[]", f"{READ} any (ids)"),
    "an array": ("ids uuid[]", f"{READ} any (ids)"),
    "an object": ("query jsonb", f"{READ} (query ->> 'id')::uuid"),
    "a row": ("one public.notes", f"{READ} one.id"),
    "a domain": ("p_title public.title", "select to_jsonb(n) from public.notes as n"),
    "an enum": ("kind public.kind", "select to_jsonb(n) from public.notes as n"),
    "a time": ("since timestamptz", "select to_jsonb(n) from public.notes as n"),
    "a result parameter": (
        "p_id uuid, out title text, out body text",
        "select n.title, n.body from public.notes as n where n.id = p_id",
    ),
}


@pytest.mark.parametrize("name", LEAKY)
def test_a_function_is_called_with_what_its_parameters_take(name: str, found_in: Build) -> None:
    arguments, body = LEAKY[name]
    types = (
        "create domain public.title as text check (length(value) > 0);"
        "create type public.kind as enum ('plain', 'fancy');"
        "alter table public.notes add column kind public.kind default 'plain';"
        "alter table public.notes add column topic public.title;"
    )
    returns = "" if "out " in arguments else "returns setof jsonb"
    found = found_in(types + function(f"{returns} language sql stable", body, arguments=arguments))
    leaks = [f for f in found if f.rule == "function" and f.persona == "stranger"]
    assert [f.command for f in leaks] == ["select"], [f.sentence for f in found]


def test_each_of_several_functions_of_one_name_is_called(found_in: Build) -> None:
    found = found_in(
        "create function public.asked(a text) returns text language sql set search_path = ''"
        " as $$ select a $$;"
        "create function public.asked(a int) returns setof public.notes language sql"
        " security definer set search_path = '' as $$ select * from public.notes $$;"
        f"grant execute on function public.asked(int), public.asked(text) {TO_USERS};"
    )
    assert {f.relation for f in found if f.rule == "function"} == {"public.asked(integer)"}


@pytest.mark.parametrize("parameters", ["p_id uuid", "p_id uuid, out gone int"])
def test_what_a_procedure_changes_is_seen(parameters: str, found_in: Build) -> None:
    found = found_in(
        f"create procedure public.asked({parameters}) language plpgsql security definer"
        " set search_path = '' as $$ begin delete from public.notes where id = p_id; end $$;"
        f"grant execute on procedure public.asked {TO_USERS};"
    )
    assert ("public.asked(uuid)", "update") in {
        (f.relation, f.command) for f in found if f.rule == "function"
    }


def test_a_function_that_could_not_be_called_is_said_to_be(found_in: Build) -> None:
    found = found_in(
        "create type public.odd as (a int, b int);"
        + function("returns int language sql", "select (one).a", arguments="one public.odd")
    )
    told = [f for f in found if f.kind == "vacuous"]
    assert [(f.relation, f.severity) for f in told] == [("public.asked(public.odd)", "error")]


INVITES = """
create table public.invites (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    token uuid not null default gen_random_uuid(),
    code text not null,
    state text not null default 'pending'
);
alter table public.invites enable row level security;
revoke all on public.invites from anon, authenticated;
"""


@pytest.mark.parametrize(
    ("arguments", "condition"),
    [
        ("t uuid", "token = t"),
        ("p_code text", "code = p_code"),
        ("q jsonb", "token = (q ->> 'token')::uuid"),
    ],
)
def test_what_a_token_opens_is_tried_with_the_owners_token(
    arguments: str, condition: str, found_in: Build
) -> None:
    body = f"update public.invites set state = 'accepted' where {condition}"
    found = found_in(INVITES + function("returns void language sql", body, arguments=arguments))
    leaks = {(f.persona, f.command) for f in found if f.rule == "function"}
    assert ("stranger", "update") in leaks


def test_a_function_that_executes_its_argument_is_given_the_names_of_tables(
    found_in: Build,
) -> None:
    body = (
        "declare found jsonb; begin"
        " execute format('select jsonb_agg(t) from public.%I as t', tbl) into found;"
        " return found; end"
    )
    found = found_in(function("returns jsonb language plpgsql", body, arguments="tbl text"))
    leaks = {(f.persona, f.command) for f in found if f.rule == "function"}
    assert ("stranger", "select") in leaks


PARTS = """
create table public.parts (
    id uuid primary key default gen_random_uuid(),
    note_id uuid not null references public.notes (id) on delete cascade,
    label text not null
);
alter table public.parts enable row level security;
revoke all on public.parts from anon, authenticated;
"""
ADD = (
    "insert into public.parts (note_id, label)"
    " select n.id, 'x' from public.notes as n where n.id = p"
)


def test_changes_of_a_function_that_the_contract_knows_are_told(
    target: Target, found_in: Build
) -> None:
    mine = f"{ADD} and n.user_id = (select auth.uid())"
    found_in(
        PARTS
        + function("returns void language sql", mine, arguments="p uuid")
        + "create function public.many() returns bigint language sql set search_path = ''"
        f" as $$ {TOTAL} $$; grant execute on function public.many() {TO_USERS};"
        "revoke execute on function public.asked(uuid) from public, anon;"
    )
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    assert [f.sentence for f in check(observe(target), contract) if f.severity == "error"] == []
    with connect_as_migrator(target) as connection:
        connection.execute(
            "create or replace function public.asked(p uuid) returns void language sql"  # type: ignore[call-overload]
            f" security definer set search_path = '' as $$ {ADD} $$;"
            "alter function public.many() security definer"
        )
    told = {f.sentence for f in check(observe(target), contract) if f.severity == "error"}
    assert told >= {
        (
            "Authenticated strangers can now add rows below other people's by calling"
            " public.asked(uuid)."
        ),
        (
            "public.many() now runs with the rights of postgres;"
            " the contract says rights of its caller."
        ),
    }


def test_who_may_call_is_told_even_where_every_call_is_refused(
    target: Target, found_in: Build
) -> None:
    body = "begin if auth.uid() is null then raise exception 'no'; end if; end"
    found_in(
        function("returns void language plpgsql", body)
        + "revoke execute on function public.asked from public, anon;"
    )
    contract = parse_contract(render(facts_of(observe(target)), accepted={}))
    with connect_as_migrator(target) as connection:
        connection.execute("grant execute on function public.asked to anon")
    told = [f for f in check(observe(target), contract) if f.severity == "error"]
    assert [(f.kind, f.relation, f.persona) for f in told] == [("leak", "public.asked()", "anon")]
