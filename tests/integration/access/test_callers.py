"""auth.uid() and its like on a clone: quicker to plan with, and with the same answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prospectr_db.access.observation import Observation, prepared
from prospectr_db.access.people.tokens import token_personas
from prospectr_db.access.personas.impersonation import become
from prospectr_db.access.personas.knocks import Probe
from prospectr_db.access.personas.personas import Persona, anon
from prospectr_db.access.probes.running import run
from prospectr_db.access.rows.inhabitants import OWNER
from prospectr_db.database import Target
from prospectr_db.database.connection import connect_as_migrator

SQL = """
create table public.open (id int primary key, user_id uuid);
insert into public.open values (1);
grant select on public.open to authenticated;
alter table public.open enable row level security;
create policy open on public.open for select using (id = 1 or user_id = auth.uid());
"""
ANSWERS = "select auth.uid(), auth.role(), auth.email(), auth.jwt()"


@pytest.fixture
def observation(target: Target) -> Iterator[Observation]:
    with connect_as_migrator(target) as connection:
        connection.execute(SQL)
    with prepared(target) as found:
        yield found


def _answers(observation: Observation, persona: Persona, before: str) -> tuple[Any, ...] | None:
    connection = observation.connection
    with connection.transaction(force_rollback=True):
        connection.execute(before)
        connection.execute(become(persona))
        return connection.execute(ANSWERS).fetchone()


def test_they_say_what_a_project_says(target: Target, observation: Observation) -> None:
    with connect_as_migrator(target) as connection:
        found = connection.execute(
            "select string_agg(pg_get_functiondef(oid), ';') from pg_proc"
            " where pronamespace = 'auth'::regnamespace and proname = any(%s)",
            (["uid", "role", "email", "jwt"],),
        ).fetchone()
    assert found is not None
    assert found[0].count("LANGUAGE sql") == 4
    owner = observation.world.actors[OWNER].persona("owner")
    for persona in (owner, anon(), Persona("no claims", "authenticated", None)):
        called = _answers(observation, persona, "select")
        assert called == _answers(observation, persona, found[0])
    known = _answers(observation, owner, "select")
    assert known is not None
    assert str(known[0]) == owner.sub
    assert known[1] == "authenticated"


def test_a_claim_that_is_no_id_fails_before_any_row_is_looked_at(observation: Observation) -> None:
    probe = Probe(None, "", "select", "where", None, 'select id from "public"."open" where id = 1')
    states = {
        token.persona.name: run(observation, token.persona, [probe])[0].state
        for token in token_personas(observation)
    }
    assert states["a sub that is no uuid"] == "22P02"
    assert states["no sub"] is None
    assert states["an anonymous sign-in"] is None
    owner = observation.world.actors[OWNER].persona("owner")
    assert run(observation, owner, [probe])[0].touched == 1


def test_nothing_of_it_stays(target: Target) -> None:
    query = (
        "select p.proname, l.lanname, p.provolatile, p.prosrc, p.proacl::text, p.proowner"
        " from pg_proc as p join pg_language as l on l.oid = p.prolang"
        " where pronamespace = 'auth'::regnamespace order by 1"
    )
    with connect_as_migrator(target) as connection:
        before = connection.execute(query).fetchall()
    with prepared(target) as observation:
        during = observation.connection.execute(query).fetchall()
        assert [row[4:] for row in during] == [row[4:] for row in before]
        assert ("uid", "plpgsql") in [row[:2] for row in during]
    with connect_as_migrator(target) as connection:
        assert connection.execute(query).fetchall() == before
