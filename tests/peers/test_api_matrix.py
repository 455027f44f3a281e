"""The official client over HTTP meets the same verdicts as impersonation does, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from prospectr_db.api import compare as comparing
from prospectr_db.api.compare import ApiSabotageNotSeenError, compare
from prospectr_db.api.requests import Answer
from prospectr_db.database import Target, connect_admin
from prospectr_db.migrations.reset import disposable
from prospectr_db.project import Project
from prospectr_db.report.api import comparison_text
from prospectr_db.report.style import Style
from prospectr_db.server.embedded import EmbeddedServer
from tests.peers.data_api import SECRET, program

pytestmark = pytest.mark.peer

PERSONAS = {"anon", "owner", "stranger", "newcomer", "service_role"}


@pytest.fixture
def empty(server: EmbeddedServer, prospectr_project: Project) -> Iterator[Target]:
    """The project's database without its seeds."""
    with disposable(server, prospectr_project, seed=False) as target:
        yield target


def test_the_whole_matrix_agrees(empty: Target, tmp_path: Path) -> None:
    report = compare(empty, program(tmp_path), secret=SECRET, log=tmp_path / "log")
    assert report.differences == ()
    assert report.unchanged
    assert report.ok
    assert report.cells > 1000
    assert len(report.relations) == 11
    assert set(report.personas) >= PERSONAS
    # Each kind of answer occurs: nothing agrees only because all of it is refused.
    assert {"allowed", "filtered", "denied", "rejected"} <= set(report.verdicts)
    assert "cells differ" in report.sabotage
    assert "agree in all of them" in comparison_text(report, Style(100, color=False))


def test_row_security_switched_off_behind_its_back_goes_red(
    empty: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed = comparing.ask_database

    def then_disable(target: Target, exposed: object) -> object:
        found = observed(target, exposed)  # type: ignore[arg-type]
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
    monkeypatch.setattr(comparing, "ask", lambda *_: Answer(None, None, 0))
    monkeypatch.setattr(comparing, "ask_api", lambda *_: [])
    with pytest.raises(ApiSabotageNotSeenError):
        compare(empty, program(tmp_path), secret=SECRET, log=tmp_path / "log")


def test_a_comparison_of_nothing_is_not_green(target: Target, tmp_path: Path) -> None:
    report = compare(target, program(tmp_path), secret=SECRET, log=tmp_path / "log")
    assert (report.cells, report.ok) == (0, False)


def test_what_was_left_behind_is_not_green(empty: Target, tmp_path: Path) -> None:
    report = compare(empty, program(tmp_path), secret=SECRET, log=tmp_path / "log", sabotage=False)
    assert report.ok
    assert not replace(report, unchanged=False).ok
