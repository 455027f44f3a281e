"""Migrations against the tools people use now: one table, index and policy in each file.

Whole processes on fresh databases of one server, in turns; the Supabase CLI and dbmate come from
npm where npm can be had, and are left out with a line where they cannot.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Measurement, process, timed

ROUNDS = {1: 5, 10: 5, 100: 3, 1000: 3}

LOOP = """
import sys, pathlib, psycopg
files = sorted(pathlib.Path(sys.argv[2]).glob("*.sql"))
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    for file in files:
        with connection.transaction():
            connection.execute(file.read_text())
"""

MIGRATION = """\
create table public.t{n} (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null,
    body text
);
create index t{n}_user_id on public.t{n} (user_id);
create policy "Owners read their own." on public.t{n} for select to authenticated
using ((select auth.uid()) = user_id);
"""


@dataclass(frozen=True, slots=True)
class Tool:
    """A command that migrates; ``words`` hold {url}, {root} and {folder}."""

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str]
    has_history: bool = True

    def command(self, url: str, root: Path) -> list[str]:
        """Return the command for one database and project."""
        folder = root / "supabase" / "migrations"
        return [word.format(url=url, root=root, folder=folder) for word in self.words]


def measurements() -> Iterator[Measurement]:
    """Measure on a server of this run's own."""
    from prospectr_db.server.embedded import CHECKS, WORK, stop
    from prospectr_db.server.settings import settings_from

    base = settings_from(os.environ, is_root=os.geteuid() == 0).home
    base.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="bench-", dir=base))
    home.chmod(0o755)
    work = Path(tempfile.mkdtemp(prefix="bench-files-"))
    settings = settings_from(
        {**os.environ, "PROSPECTR_DB_HOME": str(home)}, is_root=os.geteuid() == 0
    )
    (work / "supabase" / "migrations").mkdir(parents=True)
    try:
        yield from _measure(work, settings, _tools(work))
    finally:
        for instance in (WORK, CHECKS):
            stop(work, settings, instance=instance)
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(work, ignore_errors=True)


def _measure(work: Path, settings: object, tools: list[Tool]) -> Iterator[Measurement]:
    from prospectr_db.server.embedded import ensure

    server = ensure(work, settings, tcp=0)  # type: ignore[arg-type]
    databases = _Databases(server)
    for count, rounds in ROUNDS.items():
        root = _project(work, count)
        times: dict[str, list[float]] = {tool.name: [] for tool in tools}
        idle: dict[str, list[float]] = {tool.name: [] for tool in tools}
        for _ in range(rounds):
            for tool in tools:
                url = databases.fresh()
                run = process(tool.command(url, root), {**os.environ, **tool.environment})
                times[tool.name].append(timed(run))
                if tool.has_history and count >= 100:
                    idle[tool.name].append(timed(run))
        yield from _compared(f"{count} migrations", times)
        yield from _compared(f"nothing to do, {count} migrations", idle)


def _compared(what: str, times: Mapping[str, list[float]]) -> Iterator[Measurement]:
    medians = {name: statistics.median(found) for name, found in times.items() if found}
    ours = medians.pop("prospectr-db", None)
    if ours is not None:
        for name, seconds in medians.items():
            yield Measurement(what, ours, name, seconds)


class _Databases:
    """Fresh copies of the platform, one at a time."""

    def __init__(self, server: object) -> None:
        from prospectr_db.server.embedded import EmbeddedServer

        assert isinstance(server, EmbeddedServer)
        self._server = server
        with server.memory() as connection:
            self._template = server.platform(connection)
        self._count = 0

    def fresh(self) -> str:
        """Return the URL of a new database."""
        from prospectr_db.server.templates import Templates

        self._count += 1
        name = f"bench_{self._count}"
        with self._server.memory() as connection:
            if self._count > 1:
                connection.execute(f"drop database bench_{self._count - 1} with (force)".encode())
            Templates(connection).copy(self._template, name)
        return self._server.url().replace(dbname=name).url(reveal=True)


def _project(work: Path, count: int) -> Path:
    root = work / f"project-{count}"
    folder = root / "supabase" / "migrations"
    folder.mkdir(parents=True, exist_ok=True)
    dbmate = root / "dbmate"
    dbmate.mkdir(exist_ok=True)
    for number in range(1, count + 1):
        text = MIGRATION.format(n=number)
        name = f"{20240101000000 + number}_create_t{number}.sql"
        (folder / name).write_text(text)
        (dbmate / name).write_text(f"-- migrate:up\n{text}\n-- migrate:down\n")
    (root / "all.sql").write_text(
        "".join(f"begin;\n{MIGRATION.format(n=n)}commit;\n" for n in range(1, count + 1))
    )
    return root


def _tools(work: Path) -> list[Tool]:
    ours = (sys.executable, "-m", "prospectr_db", "--project", "{root}", "--db-url", "{url}")
    tools = [
        Tool("prospectr-db", (*ours, "migrate"), {}),
        Tool("a bare psycopg loop", (sys.executable, "-c", LOOP, "{url}", "{folder}"), {}, False),
    ]
    psql = shutil.which("psql")
    if psql:
        words = (psql, "{url}", "-q", "-v", "ON_ERROR_STOP=1", "-f", "{root}/all.sql")
        tools.append(Tool("psql", words, {}, False))
    binaries = _from_npm(work)
    quiet = {"HOME": str(work), "SUPABASE_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1"}
    if "supabase" in binaries:
        words = (binaries["supabase"], "--workdir", "{root}", "db", "push", "--yes", "--remote")
        tools.append(Tool("Supabase CLI", (*words, "{url}"), quiet))
    if "dbmate" in binaries:
        words = (binaries["dbmate"], "--no-dump-schema", "-d", "{root}/dbmate", "-u", "{url}", "up")
        tools.append(Tool("dbmate", words, {}))
    return tools


def _from_npm(work: Path) -> dict[str, str]:
    """Return the peers' own binaries: those on the path, else from npm."""
    found = {
        "supabase": os.environ.get("PROSPECTR_DB_SUPABASE_CLI") or shutil.which("supabase"),
        "dbmate": os.environ.get("PROSPECTR_DB_DBMATE") or shutil.which("dbmate"),
    }
    wanted = [name for name, path in found.items() if path is None]
    npm = shutil.which("npm")
    if wanted and npm:
        done = subprocess.run(
            [npm, "install", "--silent", "--prefix", str(work / "npm"), *wanted],
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            folder = work / "npm" / "node_modules"
            native = {
                "supabase": "@supabase/cli-*/bin/supabase",
                "dbmate": "@dbmate/*/bin/dbmate",
            }
            for name in wanted:
                # Not the wrapper script: starting node is not what is measured.
                match = next(folder.glob(native[name]), folder / ".bin" / name)
                found[name] = str(match) if match.exists() else None
    for name in (name for name, path in found.items() if path is None):
        print(f"# {name} is not installed and could not be: left out", flush=True)
    return {name: path for name, path in found.items() if path is not None}
