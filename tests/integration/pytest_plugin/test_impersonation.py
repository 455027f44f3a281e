from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from prospectr_db.access.personas import personas
from prospectr_db.access.personas.impersonation import impersonate
from prospectr_db.access.personas.personas import Persona
from prospectr_db.database import Target, connect, connect_as_migrator
from prospectr_db.errors import UsageError

ADA = personas.user(UUID("11111111-1111-4111-8111-111111111111"), "ada@example.com", name="Ada")
BOB = personas.user(UUID("22222222-2222-4222-8222-222222222222"), "bob@example.com", name="Bob")

WHO = "select current_user::text, auth.uid()::text, auth.role(), auth.jwt() ->> 'email'"


@pytest.fixture(params=[connect, connect_as_migrator], ids=["login", "migrator"])
def connection(request: pytest.FixtureRequest, target: Target) -> Iterator[Any]:
    with request.param(target) as opened:
        yield opened
        opened.rollback()


def who(connection: Any) -> Any:
    return connection.execute(WHO).fetchone()


def test_inside_it_is_the_persona_and_outside_it_is_not(connection: Any) -> None:
    before = who(connection)
    with impersonate(connection, ADA):
        assert who(connection) == ("authenticated", ADA.sub, "authenticated", "ada@example.com")
    assert who(connection) == before
    assert before[0] == "postgres"


def test_what_is_done_inside_is_undone(connection: Any) -> None:
    with impersonate(connection, ADA):
        connection.execute("create temporary table mine (id int)")
    with pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("select * from mine")


def test_what_is_done_inside_stays_if_asked_and_the_persona_still_goes(connection: Any) -> None:
    before = who(connection)
    with impersonate(connection, ADA, keep=True):
        connection.execute("create temporary table mine (id int)")
    assert who(connection) == before
    assert connection.execute("select count(*) from mine").fetchone() == (0,)


@pytest.mark.parametrize("keep", [False, True])
def test_personas_nest(connection: Any, keep: bool) -> None:
    with impersonate(connection, ADA, keep=keep, method="GET"):
        with impersonate(connection, BOB, keep=keep, method="POST"):
            assert who(connection)[1] == BOB.sub
        assert who(connection)[1] == ADA.sub
        (method,) = connection.execute("select current_setting('request.method')").fetchone()
        assert method == "GET"
        with impersonate(connection, personas.service_role(), keep=keep):
            assert who(connection)[0] == "service_role"


@pytest.mark.parametrize("keep", [False, True])
def test_a_failed_statement_harms_nothing_outside(connection: Any, keep: bool) -> None:
    before = who(connection)
    with (
        pytest.raises(psycopg.errors.DivisionByZero),
        impersonate(connection, ADA, keep=keep),
    ):
        connection.execute("select 1 / 0")
    assert who(connection) == before


def test_a_failure_that_was_caught_inside_undoes_the_block(connection: Any) -> None:
    before = who(connection)
    with impersonate(connection, ADA, keep=True), pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute("select 1 / 0")
    assert who(connection) == before


@pytest.mark.parametrize("keep", [False, True])
def test_an_exception_of_the_test_leaves_the_connection_as_it_was(
    connection: Any, keep: bool
) -> None:
    before = who(connection)
    with pytest.raises(KeyError), impersonate(connection, ADA, keep=keep):
        raise KeyError
    assert who(connection) == before


def test_an_unknown_role_is_an_error_and_harms_nothing(connection: Any) -> None:
    before = who(connection)
    with (
        pytest.raises(psycopg.errors.InvalidParameterValue),
        impersonate(connection, Persona("x", "no_such_role")),
    ):
        pytest.fail("the block must not run")
    assert who(connection) == before


def test_an_unknown_role_inside_a_persona_leaves_that_persona(connection: Any) -> None:
    with impersonate(connection, ADA):
        with (
            pytest.raises(psycopg.errors.InvalidParameterValue),
            impersonate(connection, Persona("x", "no_such_role")),
        ):
            pytest.fail("the block must not run")
        assert who(connection)[1] == ADA.sub


def test_a_broken_transaction_is_not_mended_by_accident(connection: Any) -> None:
    with impersonate(connection, ADA):
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("select 1 / 0")
        with (
            pytest.raises(psycopg.errors.InFailedSqlTransaction),
            impersonate(connection, BOB),
        ):
            pytest.fail("the block must not run")
    assert who(connection)[0] == "postgres"


def test_claims_that_were_left_behind_do_not_speak_for_the_persona(connection: Any) -> None:
    # auth.uid() reads this older setting first.
    connection.execute(
        "select set_config('request.jwt.claim.sub', %s, true),"
        " set_config('request.jwt.claims', %s, true)",
        [BOB.sub, BOB.claims],
    )
    with impersonate(connection, ADA):
        assert who(connection)[1] == ADA.sub
    with impersonate(connection, personas.anon()):
        assert who(connection)[:2] == ("anon", None)
    with impersonate(connection, ADA.with_raw_claims(None)):
        assert who(connection)[1] is None
    assert who(connection)[1] == BOB.sub


@pytest.mark.parametrize("text", [None, ""])
def test_claims_may_be_absent_or_empty(connection: Any, text: str | None) -> None:
    with impersonate(connection, ADA.with_raw_claims(text)):
        assert who(connection) == ("authenticated", None, None, None)
        (claims,) = connection.execute(
            "select current_setting('request.jwt.claims', true)"
        ).fetchone()
        assert claims == text


@pytest.mark.parametrize("text", ["not json", "{", "'; reset role; --", "a\\b", "%s", "ünï"])
def test_claims_may_be_any_text(connection: Any, text: str) -> None:
    with impersonate(connection, ADA.with_raw_claims(text)):
        (claims,) = connection.execute("select current_setting('request.jwt.claims')").fetchone()
        assert claims == text


def test_the_request_is_known(connection: Any) -> None:
    with impersonate(
        connection,
        ADA,
        method="PATCH",
        path="/profiles",
        headers={"x-tenant": "a'b"},
        cookies={"c": "1"},
    ):
        found = connection.execute(
            "select current_setting('request.method'), current_setting('request.path'),"
            " current_setting('request.headers')::jsonb ->> 'x-tenant',"
            " current_setting('request.cookies')::jsonb ->> 'c'"
        ).fetchone()
    assert found == ("PATCH", "/profiles", "a'b", "1")


def test_a_request_of_which_nothing_is_said_is_an_ordinary_one(connection: Any) -> None:
    with impersonate(connection, ADA):
        method, path, cookies, token, agent = connection.execute(
            "select current_setting('request.method'), current_setting('request.path'),"
            " current_setting('request.cookies'),"
            " current_setting('request.headers')::jsonb ->> 'authorization',"
            " current_setting('request.headers')::jsonb ->> 'user-agent'"
        ).fetchone()
    assert (method, path, cookies, agent) == ("GET", "/", "{}", "prospectr-db")
    payload = token.removeprefix("Bearer ").split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"] == ADA.sub


def test_without_a_transaction_there_is_no_persona(target: Target) -> None:
    with (
        connect(target, autocommit=True) as connection,
        pytest.raises(UsageError) as caught,
        impersonate(connection, ADA),
    ):
        pytest.fail("the block must not run")
    assert caught.value.hint


def test_an_autocommit_connection_in_a_transaction_will_do(target: Target) -> None:
    with (
        connect(target, autocommit=True) as connection,
        connection.transaction(),
        impersonate(connection, ADA),
    ):
        assert who(connection)[1] == ADA.sub


def test_a_block_that_ends_the_transaction_ends_the_persona(connection: Any) -> None:
    with impersonate(connection, ADA):
        connection.rollback()
    assert who(connection)[0] == "postgres"


def test_it_takes_one_round_trip_at_either_end(target: Target) -> None:
    class Counting(psycopg.Connection[Any]):
        sent = 0

        def execute(self, *arguments: Any, **keywords: Any) -> Any:
            type(self).sent += 1
            return super().execute(*arguments, **keywords)

    with Counting.connect(**target.dsn.reveal()) as connection:
        with impersonate(connection, ADA):
            inside = Counting.sent
        assert (inside, Counting.sent) == (1, 2)
        with impersonate(connection, ADA, keep=True):
            inside = Counting.sent
        assert (inside, Counting.sent) == (3, 4)
