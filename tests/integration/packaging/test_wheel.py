"""The wheel holds everything that the command needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from prospectr_db.server.settings import ServerSettings
from tests.conftest import REPOSITORY, MakeProject

PROJECT = {
    "supabase/migrations/20260101000000_create_notes.sql": """
        create table public.notes (
            id uuid primary key default gen_random_uuid(),
            user_id uuid not null references auth.users (id) on delete cascade
        );
        alter table public.notes enable row level security;
    """,
    "supabase/seed.sql": "insert into auth.users (id) values (gen_random_uuid());",
}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_ships_the_sql_and_nothing_of_the_repository_beside_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/", 1)[0] for name in names}
    assert tops == {"prospectr_db", next(top for top in tops if top.endswith(".dist-info"))}
    shipped = {name.removeprefix("prospectr_db/") for name in names if "/sql/" in name}
    here = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "sql").rglob("*.sql")}
    assert here <= shipped
    assert "prospectr_db/py.typed" in names


def test_an_empty_environment_with_the_wheel_can_reset_a_project(
    wheel: Path, make_project: MakeProject, settings: ServerSettings, tmp_path: Path
) -> None:
    root = make_project(PROJECT)
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    subprocess.run(
        [environment / "bin" / "pip", "install", "--quiet", wheel], check=True, capture_output=True
    )
    command = environment / "bin" / "prospectr-db"
    variables = {"PATH": os.defpath, "PROSPECTR_DB_HOME": str(settings.home), "HOME": str(tmp_path)}

    def run(*words: str) -> dict[str, object]:
        done = subprocess.run(
            [command, "--json", "--project", root, *words],
            env=variables,
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        )
        found: dict[str, object] = json.loads(done.stdout)
        return found

    try:
        found = run("reset")
        assert found["ok"] is True
        assert found["migrations"] == 1
        assert found["seeds"] == 1
    finally:
        run("server", "stop")
