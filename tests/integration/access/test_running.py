"""How many statements run as one persona: prepared together, told in order, given up when stuck."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from prospectr_db.access.observation import Observation, prepared
from prospectr_db.access.personas.knocks import Probe
from prospectr_db.access.personas.personas import Persona
from prospectr_db.access.probes.running import run
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.access.tables.truncation import Truncations
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator

SQL = """
create sequence public.asked;
create sequence public.prepared;
create table public.things (id int primary key, state text not null);
revoke all on public.things from anon, authenticated;
grant select, update, delete, truncate on public.things to authenticated;
grant usage on sequence public.asked to authenticated;
create function public.ask() returns boolean language plpgsql as $$
begin
    perform nextval('public.asked');
    raise exception 'too deep' using errcode = '54001';
end $$;
insert into public.things values (1, 'new');
"""
USER = Persona("user", "authenticated", "{}")


@pytest.fixture
def observation(target: Target) -> Iterator[Observation]:
    with connect_as_migrator(target) as connection:
        connection.execute(SQL)
    with prepared(target) as found:
        yield found


def _select(condition: str, preparation: str | None = None, command: str = "select") -> Probe:
    text = " ".join(('select state from "public"."things" where', condition))
    return Probe(None, "", command, "where", None, text, preparation)


def _count(observation: Observation, sequence: str) -> int:
    row = observation.connection.execute(
        "select coalesce(pg_sequence_last_value(%s::regclass), 0)", (f"public.{sequence}",)
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_statements_prepared_alike_are_prepared_once_and_told_in_their_order(
    observation: Observation,
) -> None:
    sold = "select nextval('public.prepared'); update public.things set state = 'sold' where id = 1"
    probes = [
        _select("id = 1 and state = 'sold'", sold),
        _select("id = 1 and state = 'new'"),
        _select("id = 1 and state = 'new'", sold),
        _select("id = 1 and state = 'sold'"),
        _select("id = 1 and state = 'sold'", sold),
    ]
    found = run(observation, USER, probes)
    assert [outcome.touched for outcome in found] == [1, 1, 0, 0, 1]
    assert _count(observation, "prepared") == 1


def test_where_the_preparation_fails_each_of_its_statements_says_so(
    observation: Observation,
) -> None:
    wrong = "insert into public.things values (1, 'twice')"
    probes = [_select("id = 1", wrong), _select("id = 1"), _select("true", wrong)]
    found = run(observation, USER, probes)
    assert [outcome.state for outcome in found] == ["23505", None, "23505"]


def test_after_four_that_run_out_of_stack_the_rest_about_it_is_not_tried(
    observation: Observation,
) -> None:
    stuck = [_select(f"public.ask() or id = {n}") for n in range(9)]
    other = _select("public.ask()", command="update")
    found = run(observation, USER, [*stuck, other])
    assert [outcome.state for outcome in found] == ["54001"] * 10
    assert _count(observation, "asked") == 4 + 1


def test_one_that_gets_through_keeps_the_rest_tried(observation: Observation) -> None:
    probes = [_select("id = 1"), *[_select(f"public.ask() or id = {n}") for n in range(9)]]
    found = run(observation, USER, probes)
    assert [outcome.state for outcome in found] == [None, *["54001"] * 9]
    assert _count(observation, "asked") == 9


def test_truncate_is_let_through_without_emptying_anything(observation: Observation) -> None:
    (relation,) = (r for r in observation.relations if r.name == "things")
    truncations = Truncations(observation.catalog)
    probe = Probe(None, "", "truncate", "statement", None, "truncate public.things cascade")
    unknown = truncations.unknown("authenticated", [(relation.oid, probe)])
    assert "before truncate" in (unknown[0].preparation or "")
    outcomes = run(observation, USER, unknown)
    assert [outcome.state for outcome in outcomes] == [None]
    truncations.told("authenticated", [(relation.oid, probe)], outcomes)
    assert truncations.unknown("authenticated", [(relation.oid, probe)]) == []
    (denied,) = run(
        observation,
        Persona("nobody", "anon", None),
        truncations.unknown("anon", [(relation.oid, probe)]),
    )
    assert denied.state == "42501"
    assert run(observation, USER, [_select("id = 1")])[0].touched == 1


WRITING = """
create table public.parted (id int not null, note text) partition by list (id);
create table public.parted_one partition of public.parted for values in (1);
create table public.other (id int primary key);
insert into public.parted values (1, 'a');
insert into public.other values (1);
create function public.write_part() returns void language sql security definer as $$
    insert into public.parted values (1, 'new') $$;
create function public.empty() returns void language sql security definer as $$
    truncate public.other $$;
create function public.try_in_vain() returns void language plpgsql security definer as $$
begin
    insert into public.other values (2);
    raise exception 'no';
exception when others then null;
end $$;
"""


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        ("write_part()", {"parted", "parted_one"}),
        ("empty()", {"other"}),
        ("try_in_vain()", {"other"}),  # what was undone is asked about in vain, and no harm
        ("write_part(), public.empty()", {"parted", "parted_one", "other"}),
        ("ask_nothing()", set()),
    ],
)
def test_a_call_is_asked_only_about_what_it_wrote_to(
    target: Target, call: str, asked: set[str]
) -> None:
    with connect_as_migrator(target) as connection:
        connection.execute(WRITING)
        connection.execute(
            "create function public.ask_nothing() returns void language sql as 'select'"
        )
    with prepared(target) as observation:
        tables = {r.oid: r.name for r in observation.relations if r.is_table}
        question = json.dumps({str(oid): f"select '{name}'" for oid, name in tables.items()})
        probe = Probe(None, "", "call", "call", None, f"select public.{call}", None, question)
        [outcome] = run(observation, observation.unbound(OWNER), [probe], listening=True)
    assert outcome.state is None
    assert set(outcome.labels) == asked
