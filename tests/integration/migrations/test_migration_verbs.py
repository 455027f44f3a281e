"""The verbs as a person or a script meets them: text, one JSON document, exit codes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.migrations.conftest import Bench

Run = Callable[..., Any]


@pytest.fixture
def run(cli: Run, bench: Bench) -> Run:
    """Run a verb on the bench's project and database."""
    root = bench.make_project({"supabase/migrations/1_a.sql": "create table t (a int);"})
    url = bench.target.dsn.url()
    return lambda *words: cli("--project", root, "--db-url", url, *words)


def test_migrate_reports_and_says_when_nothing_is_left(run: Run) -> None:
    assert run("migrate", "--check").code == 1
    first = run("migrate")
    assert first.code == 0
    assert "1/1" in first.err
    assert first.out.startswith("applied 1 migration to ")
    again = run("--json", "migrate")
    assert again.document["ok"] is True
    assert (again.document["applied"], again.document["already_applied"]) == ([], 1)
    assert again.err == ""
    assert run("status", "--check").code == 0


def test_an_error_is_one_document_with_its_place(run: Run, bench: Bench) -> None:
    bench.make_project({"supabase/migrations/2_b.sql": "select 1;\nselect 1 / 0;"})
    failed = run("migrate", "--json")
    assert failed.code == 2
    error = failed.document["error"]
    assert (error["file"], error["line"], error["sqlstate"]) == (
        "supabase/migrations/2_b.sql",
        2,
        "22012",
    )
    assert error["applied"] == ["1"]
    shown = run("migrate")
    assert "supabase/migrations/2_b.sql:2:" in shown.err
    assert "^" in shown.err


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"supabase/config.toml": "[api"}, "supabase/config.toml:1:"),
        ({"supabase/migrations/1_b.sql": ""}, "have the same version 1"),
        ({"supabase/migrations/2_b.sql": b"\xff"}, "not UTF-8"),
    ],
)
def test_a_broken_project_is_exit_two_and_touches_nothing(
    run: Run, bench: Bench, files: dict[str, str | bytes], said: str
) -> None:
    bench.make_project(files)
    failed = run("migrate")
    assert failed.code == 2
    assert said in failed.err
    assert "hint:" in failed.err
    assert bench.value("select to_regclass('t')") is None


def test_new_takes_sql_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("select 2"))
    made = run("new", "add things")
    assert made.code == 0
    path = made.out.strip()
    assert path.endswith("_add_things.sql")


def test_bundle_check_is_exit_one_when_stale(run: Run, tmp_path: Path) -> None:
    output = tmp_path / "all.sql"
    assert run("bundle", "--check", "-o", output).code == 1
    assert run("bundle", "-o", output).code == 0
    assert run("bundle", "--check", "-o", output).code == 0


def test_the_history_is_cared_for_from_the_command_line(run: Run, bench: Bench) -> None:
    run("migrate")
    assert run("repair", "1", "--status", "reverted").code == 0
    assert bench.versions() == []
    assert run("repair", "1", "--status", "applied").code == 0
    assert run("fetch", "--json").document["files"][0]["action"] == "same"
    assert run("restamp").code == 0
    assert run("reconcile").code == 0
    refused = run("rollback")
    assert refused.code == 2
    assert "no rollback for 1" in refused.err
    bench.make_project({"supabase/rollbacks/1_a.sql": "drop table t;"})
    assert run("rollback", "--json").document["versions"] == ["1"]


def test_seed_reports_rows(run: Run, bench: Bench) -> None:
    run("migrate")
    bench.make_project({"supabase/seed.sql": "insert into t values (1), (2);"})
    assert run("seed", "--json").document["seeds"][0]["rows"] == 2
    assert "every seed has run" in run("seed").out
