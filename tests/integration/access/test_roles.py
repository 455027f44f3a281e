# ruff: noqa: E501, S608 - schemas and sentences read better in long lines; nothing of them is input
"""A role of the project's own that tokens can name is a user like any other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest

from prospectr_db.access.observe import observe
from prospectr_db.database import Target
from prospectr_db.server.embedded import EmbeddedServer, ensure, stop
from prospectr_db.server.settings import ServerSettings
from prospectr_db.server.templates import Templates
from tests.integration.access.held import Run, red, written
from tests.integration.access.schemas import NOTES, TREE

REPORTER = "create role reporter nologin; grant reporter to authenticator;"
READS = (
    "grant usage on schema public to reporter; grant select on public.notes to reporter;"
    'create policy "reporters read" on public.notes for select to reporter using (true);'
)
OWN = (
    "grant usage on schema public to reporter; grant select, delete on public.notes to reporter;"
    'create policy "reporters drop own" on public.notes for all to reporter'
    " using (user_id = (select auth.uid()));"
)
WHO = "The role reporter, which tokens can name,"


@pytest.fixture(scope="session")
def own_server(
    settings: ServerSettings, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[EmbeddedServer]:
    """A server of its own: roles are the whole server's, and other tests would see them."""
    root = tmp_path_factory.mktemp("roles")
    (root / "supabase").mkdir()
    chosen = replace(settings, home=settings.home / f"roles-{worker_id}")
    yield ensure(root, chosen)
    stop(root, chosen)
    shutil.rmtree(chosen.home, ignore_errors=True)


@pytest.fixture
def target(own_server: EmbeddedServer) -> Target:
    """A fresh database, on a server without the roles of the test before."""
    with own_server.memory() as connection:
        template = own_server.platform(connection)
        Templates(connection).make(template, "roles")
    return own_server.target("roles")


def test_what_such_a_role_may_is_in_the_contract_and_right(target: Target, run: Run) -> None:
    run(NOTES + REPORTER + READS)
    assert red(target, None) == {}
    contract = written(target)
    allowed = contract.facts.allowed
    assert allowed["notes", "role reporter", "other", "select"] == ("*",)
    assert allowed["notes", "owner in the role reporter", "own", "select"] == ("*",)
    assert contract.facts.database is not None
    assert "authenticator: member of reporter" in contract.facts.database["roles"]
    assert "reporter: usage on public" in contract.facts.database["schemas"]
    assert red(target, contract) == {}


def test_a_new_role_that_reaches_rows_is_told(target: Target, run: Run) -> None:
    run(NOTES)
    contract = written(target)
    run(REPORTER + READS)
    told = red(target, contract)
    assert told.pop(f"{WHO} can now read notes (every column) on other people's rows.") == "leak"
    assert told.pop("Tokens can now name the role reporter.") == "leak"
    assert told.pop(
        "Owners in the role reporter, which tokens can name, can now read notes (every column) "
        "on their own rows."
    )
    assert told == {
        "reporter now holds what it did not: usage on public (schemas).": "leak",
    }


def test_one_policy_or_grant_more_of_such_a_role_is_told(target: Target, run: Run) -> None:
    run(NOTES + TREE + REPORTER + OWN)
    assert red(target, None) == {}
    contract = written(target)
    assert red(target, contract) == {}
    run('alter policy "reporters drop own" on public.notes using (true);')
    assert red(target, contract) == {
        f"{WHO} can now read notes (every column) on other people's rows.": "leak",
        f"{WHO} can now delete notes on other people's rows.": "leak",
    }
    run(
        'alter policy "reporters drop own" on public.notes using (user_id = auth.uid());'
        "grant select on public.lists to reporter;"
    )
    assert red(target, contract) == {
        "lists now holds a grant that no policy uses: reporter: select.": "leak"
    }


def test_what_such_a_role_loses_is_told(target: Target, run: Run) -> None:
    run(NOTES + REPORTER + READS)
    contract = written(target)
    run("revoke reporter from authenticator;")
    told = red(target, contract)
    assert told.pop("Tokens can no longer name the role reporter.") == "loss"
    assert f"{WHO} can no longer read notes (every column) on other people's rows." in told
    assert set(told.values()) == {"loss"}


def test_a_role_may_get_its_power_from_another(target: Target, run: Run) -> None:
    run(NOTES + REPORTER)
    contract = written(target)
    run("grant authenticated to reporter;")
    told = red(target, contract)
    assert told["reporter now holds what it did not: member of authenticated (roles)."] == "leak"
    own = "Owners in the role reporter, which tokens can name, can now delete notes on their own rows."
    assert told[own] == "leak"
    assert not any("other people's" in sentence for sentence in told)
    assert written(target).facts.unseen == {}


def test_a_role_that_tokens_cannot_name_is_nobody(target: Target, run: Run) -> None:
    run(NOTES + "create role reporter nologin;" + READS)
    assert not [name for name in observe(target).personas if "reporter" in name]
    assert red(target, None) == {}


def test_a_function_that_only_such_a_role_may_call_is_tried(target: Target, run: Run) -> None:
    run(
        NOTES
        + REPORTER
        + """
grant usage on schema public to reporter;
create function public.totals() returns setof public.notes language sql stable security definer
    set search_path = '' as $$ select * from public.notes $$;
revoke execute on function public.totals() from public, anon, authenticated;
"""
    )
    contract = written(target)
    run("grant execute on function public.totals() to reporter;")
    told = red(target, contract)
    assert any("public.totals() is not in the contract" in sentence for sentence in told), told
    access = observe(target).table("public.totals()")
    assert access is not None
    assert access.find("role reporter", "other", "select")
