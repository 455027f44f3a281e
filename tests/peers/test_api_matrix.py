"""The official client over HTTP meets the same verdicts as impersonation does, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prospectr_db.access.contract.contract import Contract, read_contract
from prospectr_db.access.verify import contract_path
from prospectr_db.api import compare as comparing
from prospectr_db.api.compare import ApiSabotageNotSeenError, compare
from prospectr_db.api.requests import Answer
from prospectr_db.database import Target, connect_admin
from prospectr_db.migrations.reset import disposable
from prospectr_db.project import Project
from prospectr_db.report.access_files import write_reports
from prospectr_db.report.api import comparison_text
from prospectr_db.report.style import Style
from prospectr_db.server.embedded import EmbeddedServer
from tests.conftest import MakeProject, RunCli
from tests.integration.access.test_older_projects import FIRST, OLDER
from tests.peers.data_api import SECRET, node_modules, program

pytestmark = pytest.mark.peer

PERSONAS = {"anon", "owner", "stranger", "newcomer", "service_role"}


@pytest.fixture(scope="module")
def contract(prospectr_project: Project) -> Contract:
    """The project's committed contract."""
    found = read_contract(contract_path(prospectr_project))
    assert found is not None
    return found


@pytest.fixture
def empty(server: EmbeddedServer, prospectr_project: Project) -> Iterator[Target]:
    """The project's database without its seeds."""
    with disposable(server, prospectr_project, seed=False) as target:
        yield target


def test_the_whole_matrix_agrees_and_keeps_the_contract(
    empty: Target, tmp_path: Path, contract: Contract
) -> None:
    report = compare(
        empty, program(tmp_path), secret=SECRET, log=tmp_path / "log", contract=contract
    )
    assert report.differences == ()
    assert report.unchanged
    assert report.ok
    assert report.cells > 1000
    assert len(report.relations) == 11
    assert set(report.personas) >= PERSONAS
    # Each kind of answer occurs: nothing agrees only because all of it is refused.
    assert {"allowed", "filtered", "denied", "rejected"} <= set(report.verdicts)
    assert "cells differ" in report.sabotage
    assert report.held.check.findings == ()
    # What it states and what it does not mention was asked, and what could not be is counted.
    assert report.held.entries > 40
    assert report.held.forbidden > 40
    assert report.held.entries + sum(report.held.left_out.values()) == len(contract.facts.allowed)
    text = comparison_text(report, Style(100, color=False))
    assert "agree in all of them" in text
    assert f"held to the contract: {report.held.entries} of its" in text


def test_what_the_contract_does_not_state_is_red_over_http_in_every_report(
    empty: Target, tmp_path: Path, contract: Contract, prospectr_project: Project
) -> None:
    with connect_admin(empty, autocommit=True) as connection:
        connection.execute(
            'alter policy "Users can view their own profile." on public.profiles using (true)'
        )
        connection.execute("revoke delete on public.leads from authenticated")
    found = compare(
        empty,
        program(tmp_path),
        secret=SECRET,
        log=tmp_path / "log",
        contract=contract,
        sabotage=False,
    )
    assert found.differences == ()
    assert not found.ok
    told = {(f.kind, f.relation, f.persona, f.command) for f in found.held.check.errors}
    assert {
        ("leak", "profiles", "stranger", "select"),
        ("loss", "leads", "owner", "delete"),
    } <= told
    assert {relation for _, relation, _, _ in told} == {"profiles", "leads"}
    sentence = "can now read profiles"
    paths = {name: tmp_path / name for name in ("junit", "sarif", "markdown", "html")}
    write_reports(found.held.check, prospectr_project, environment={}, **paths)  # type: ignore[arg-type]
    for path in paths.values():
        text = path.read_text(encoding="utf-8")
        assert sentence in text, path.name
        assert "GET /rest/v1/profiles" in text or path.name in ("markdown", "sarif")
    assert "NOT OK: over HTTP" in comparison_text(found, Style(100, color=False))


def test_row_security_switched_off_behind_its_back_goes_red(
    empty: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed = comparing.ask_database

    def then_disable(*arguments: Any) -> object:
        found, target = observed(*arguments), arguments[0]
        with connect_admin(target, autocommit=True) as connection:
            connection.execute("alter table public.provider_data disable row level security")
        return found

    monkeypatch.setattr(comparing, "ask_database", then_disable)
    report = compare(empty, program(tmp_path), secret=SECRET, log=tmp_path / "log", sabotage=False)
    assert not report.ok
    assert {found.relation for found in report.differences} == {"provider_data"}
    seen = {(f.persona, f.command, f.by_database, f.by_api) for f in report.differences}
    assert ("stranger", "select", "filtered", "allowed") in seen
    assert "disagree" in comparison_text(report, Style(100, color=False))


def test_a_comparison_that_cannot_see_a_leak_says_so(
    empty: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        comparing,
        "ask_api",
        lambda _, cells: [
            Answer(c.outcome.state, c.outcome.message, c.outcome.touched) for c in cells
        ],
    )
    with pytest.raises(ApiSabotageNotSeenError):
        compare(empty, program(tmp_path), secret=SECRET, log=tmp_path / "log")


def test_a_comparison_of_nothing_is_not_green(target: Target, tmp_path: Path) -> None:
    report = compare(target, program(tmp_path), secret=SECRET, log=tmp_path / "log")
    assert (report.cells, report.ok) == (0, False)


def test_what_was_left_behind_is_not_green(empty: Target, tmp_path: Path) -> None:
    report = compare(empty, program(tmp_path), secret=SECRET, log=tmp_path / "log", sabotage=False)
    assert report.ok
    assert not replace(report, unchanged=False).ok


def test_an_older_project_is_asked_with_the_grants_it_relies_on(
    make_project: MakeProject, cli: RunCli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path)
    monkeypatch.setenv("PROSPECTR_DB_NODE_MODULES", str(node_modules()))
    root = make_project({FIRST: OLDER.replace("auth.uid() = user_id", "true")})
    done = cli("access", "check", "--api", project=root)
    assert done.code == 1
    assert done.out.startswith("unproven    No migration grants a table to the API's roles")
    assert done.out.count("No migration grants") == 1
    assert "can delete notes on other people's rows, over HTTP." in done.out
