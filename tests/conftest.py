"""One server for the whole run, a fresh database for each test that asks for one."""

from __future__ import annotations

import itertools
import json
import os
import platform
import shutil
import signal
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from prospectr_db.database import Target
from prospectr_db.project import Project, load
from prospectr_db.server.embedded import CHECKS, WORK, EmbeddedServer, stop
from prospectr_db.server.settings import ServerSettings, settings_from
from prospectr_db.server.templates import Template, Templates

REPOSITORY = Path(__file__).resolve().parent.parent
_RUN_HOME = "PROSPECTR_DB_TEST_HOME"
_RUNS = f"tests-{platform.node()}-"  # containers may share memory, but not their processes
_MEMORY = Path("/dev/shm")  # where there is none (macOS), or little (a container), it is not used
_ROOM_BYTES = 6 << 30

_NUMBERS = itertools.count()

MakeDatabase = Callable[[Template], Target]
MakeProject = Callable[[Mapping[str, str | bytes]], Path]


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a home of its own, once, before the workers start."""
    if not hasattr(config, "workerinput") and _RUN_HOME not in os.environ:
        os.environ[_RUN_HOME] = str(_home() / f"{_RUNS}{os.getpid()}")


def _home() -> Path:
    """Where the run has its servers: in memory if there is room, for it makes many databases."""
    usual = settings_from(os.environ, is_root=os.geteuid() == 0).home
    if "PROSPECTR_DB_HOME" in os.environ or not _MEMORY.is_dir():
        return usual
    if shutil.disk_usage(_MEMORY).free < _ROOM_BYTES or not os.access(_MEMORY, os.W_OK):
        return usual
    memory = _MEMORY / f"prospectr-db-{os.geteuid()}"
    for left in memory.glob(f"{_RUNS}*"):  # by a run that was killed
        if not Path("/proc", left.name.removeprefix(_RUNS)).exists():
            _remove(left)
    return memory


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's server and remove its files, once, after the workers ended."""
    if hasattr(config, "workerinput") or _RUN_HOME not in os.environ:
        return
    _remove(Path(os.environ.pop(_RUN_HOME)))


def _remove(home: Path) -> None:
    """Stop the servers of a run and remove its files."""
    for noted in home.rglob("data/postmaster.pid"):
        _end(int(noted.read_text().split("\n", 1)[0]))
    shutil.rmtree(home, ignore_errors=True)


def _end(server: int) -> None:
    """End a server at once, and wait until it is gone: its data goes too."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(server, signal.SIGQUIT)
        except ProcessLookupError:
            return
        time.sleep(0.05)


def _settings(home: Path) -> ServerSettings:
    return replace(settings_from(os.environ, is_root=os.geteuid() == 0), home=home)


@pytest.fixture(scope="session")
def settings() -> ServerSettings:
    """Settings whose home belongs to this run."""
    return _settings(Path(os.environ[_RUN_HOME]))


@pytest.fixture(scope="session")
def prospectr_settings(settings: ServerSettings) -> ServerSettings:
    """The plugin's fixtures use this run's server as well."""
    return settings


@pytest.fixture(scope="session")
def server(prospectr_server: EmbeddedServer) -> EmbeddedServer:
    """A running server that all workers share, with the platform installed."""
    return prospectr_server


@pytest.fixture(scope="session")
def platform_template(server: EmbeddedServer) -> Template:
    """The template that holds the platform and nothing else."""
    with server.memory() as connection:
        return server.platform(connection)


@pytest.fixture
def make_database(server: EmbeddedServer, worker_id: str) -> Iterator[MakeDatabase]:
    """Make databases from templates; they are dropped when the test ends."""
    made: list[str] = []

    def make(template: Template) -> Target:
        made.append(f"test_{worker_id}_{next(_NUMBERS)}")
        with server.memory() as connection:
            Templates(connection).copy(template, made[-1])
        return server.target(made[-1])

    yield make
    with server.memory() as connection:
        for name in made:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )


@pytest.fixture
def target(make_database: MakeDatabase, platform_template: Template) -> Target:
    """A fresh database that holds the platform alone."""
    return make_database(platform_template)


@pytest.fixture(scope="session")
def prospectr_project() -> Project:
    """This repository's own project."""
    return load(REPOSITORY)


@pytest.fixture
def prospectr(make_database: Callable[[Template], Target], prospectr_template: Template) -> Target:
    """A fresh database that holds Prospectr, migrated and seeded."""
    return make_database(prospectr_template)


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Write a project folder: keys are paths below it, text is dedented."""

    def make(files: Mapping[str, str | bytes]) -> Path:
        root = tmp_path / "project"
        (root / "supabase").mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(textwrap.dedent(content), encoding="utf-8")
        return root

    return make


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found


RunCli = Callable[..., Done]


@pytest.fixture
def cli(
    settings: ServerSettings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[RunCli]:
    """Run the command line in this process, with servers of this run; they are stopped after."""
    from prospectr_db.cli.main import main

    monkeypatch.setenv("PROSPECTR_DB_HOME", str(settings.home))
    monkeypatch.delenv("SUPABASE_DB_URL", raising=False)
    roots: set[Path] = set()

    def run(*words: str | Path, project: Path | None = None) -> Done:
        capfd.readouterr()
        if project is not None:
            roots.add(project)
            words = ("--project", project, *words)
        code = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Done(code, out, err)

    yield run
    for root in roots - {REPOSITORY}:
        for instance in (WORK, CHECKS):
            stop(root, settings, instance=instance)
