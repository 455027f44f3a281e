"""The real Supabase CLI, on the URL that `server url` prints, works as it does on a project."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, RunCli

BINARY = os.environ.get("PROSPECTR_DB_SUPABASE_CLI") or shutil.which("supabase")

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(BINARY is None, reason="the Supabase CLI is not installed (npm: supabase)"),
]

Supabase = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Prospectr in a folder of its own."""
    root = tmp_path / "prospectr"
    shutil.copytree(REPOSITORY / "supabase", root / "supabase")
    return root


@pytest.fixture
def supabase(cli: RunCli, project: Path, tmp_path: Path) -> Supabase:
    """The CLI's binary in the project, on its embedded server."""
    assert cli("server", "start", "--tcp", "auto", project=project).code == 0
    url = cli("server", "url", project=project).out.strip()

    def run(*words: str) -> str:
        assert BINARY is not None
        done = subprocess.run(
            [BINARY, *words, "--remote", url, "--yes"],
            cwd=project,
            env={
                **os.environ,
                "HOME": str(tmp_path),
                "SUPABASE_TELEMETRY_DISABLED": "1",
                "DO_NOT_TRACK": "1",
            },
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_push_list_advisors_and_types_work_as_on_a_project(
    supabase: Supabase, cli: RunCli, project: Path
) -> None:
    pushed = supabase("db", "push", "--include-seed")
    versions = [path.name.split("_")[0] for path in (project / "supabase/migrations").iterdir()]
    assert all(version in pushed for version in versions)

    listed = supabase("migration", "list")
    assert all(listed.count(version) == 2 for version in versions), listed
    assert cli("status", "--check", project=project).code == 0

    advice = supabase("db", "advisors")
    assert "No issues found" in advice, advice

    types = supabase("gen", "types", "--lang", "typescript")
    for name in ("invitation_jobs", "provider_data", "subscription_tier", "ENTERPRISE"):
        assert name in types
