"""A password that was given in a URL is in no output, report, log or process list of any verb."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from prospectr_db.database import Dsn
from prospectr_db.platform.pgtap import find_pgtap
from prospectr_db.server.embedded import WORK, ensure, stop
from prospectr_db.server.settings import ServerSettings
from tests.conftest import MakeProject

FILES = {
    "supabase/migrations/20260101000000_create_notes.sql": """
        create table public.notes (id int primary key);
        alter table public.notes enable row level security;
    """,
    "supabase/migrations/20260102000000_break.sql": "select nonsense;",
    "supabase/seed.sql": "insert into public.notes values (1);",
    "supabase/tests/broken_test.sql": "select plan(1); select pg_sleep(0.3); nonsense;",
}
VERBS = (
    ("migrate", "--to", "20260101000000"),
    ("migrate", "--verbose"),
    ("status", "--json"),
    ("seed",),
    ("doctor", "--no-compare", "--json"),
    ("platform", "check", "--json"),
    ("cron", "list"),
    ("docs", "--out", "reference.md"),
    ("test", "--json", "--junit", "junit.xml"),
    ("serve",),
)


@pytest.fixture
def project(make_project: MakeProject, settings: ServerSettings) -> Iterator[tuple[Path, Dsn]]:
    """A project, and the URL of its server with a password in it."""
    root = make_project(FILES)
    yield root, ensure(root, settings, tcp=0).url()
    stop(root, settings, instance=WORK)


def test_no_verb_shows_the_password_of_its_url(
    project: tuple[Path, Dsn], settings: ServerSettings
) -> None:
    root, url = project
    password = url.reveal()["password"]
    seen: set[str] = set()
    programs: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = entry.read_bytes()
                except OSError:
                    continue
                programs.add(line.partition(b"\0")[0].rpartition(b"/")[2].decode())
                if password.encode() in line:
                    seen.add(line.replace(b"\0", b" ").decode(errors="replace"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    codes = {}
    try:
        for verb in VERBS:
            said = subprocess.run(
                [sys.executable, "-m", "prospectr_db", "--project", root, *verb],
                check=False,
                capture_output=True,
                text=True,
                cwd=root,
                env={
                    **os.environ,
                    "PROSPECTR_DB_HOME": str(settings.home),
                    "SUPABASE_DB_URL": url.url(reveal=True),
                },
            )
            codes[verb[0]] = said.returncode
            assert said.stdout + said.stderr, verb
            assert password not in said.stdout + said.stderr, verb
    finally:
        done.set()
        watcher.join()
    assert seen == set()
    assert programs  # the watcher sees what runs
    assert set(codes.values()) >= {0, 2}, codes
    written = [path for path in root.rglob("*") if path.is_file()]
    assert "reference.md" in {path.name for path in written}
    if find_pgtap(root) is not None:  # the one verb that hands the password to another program
        assert "psql" in programs
        assert (root / "junit.xml").is_file()
    assert not [path for path in written if password.encode() in path.read_bytes()]
    logs = list(settings.home.rglob("*.log"))
    assert logs
    assert not [path for path in logs if password.encode() in path.read_bytes()]
